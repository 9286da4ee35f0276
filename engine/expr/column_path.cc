#include "expr/column_path.h"

namespace millrace::expr {
namespace {

// The fields of a schema or a struct.
int IndexOf(const arrow::FieldVector& fields, std::string_view name) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i]->name() == name) return static_cast<int>(i);
  }
  return -1;
}

// The longest beginning of the name that a field has counts, at each step.
bool Walk(const arrow::FieldVector& fields, std::string_view name, std::vector<int>* steps,
          std::shared_ptr<arrow::DataType>* type) {
  size_t end = name.size();
  for (;;) {
    const int at = IndexOf(fields, name.substr(0, end));
    if (at >= 0) {
      const auto& found = fields[static_cast<size_t>(at)]->type();
      steps->push_back(at);
      if (end == name.size()) {
        *type = found;
        return true;
      }
      if (found->id() == arrow::Type::STRUCT &&
          Walk(found->fields(), name.substr(end + 1), steps, type)) {
        return true;
      }
      steps->pop_back();
    }
    if (end == 0) return false;
    end = name.rfind('.', end - 1);
    if (end == std::string_view::npos) return false;
  }
}

}  // namespace

std::optional<ColumnPath> ColumnPath::Find(const arrow::Schema& schema, const std::string& name,
                                           bool whole) {
  ColumnPath path;
  const int at = IndexOf(schema.fields(), name);
  if (at >= 0) {
    path.steps_ = {at};
    path.type_ = schema.field(at)->type();
    return path;
  }
  if (whole || !Walk(schema.fields(), name, &path.steps_, &path.type_)) return std::nullopt;
  return path;
}

Result<std::shared_ptr<arrow::Array>> ColumnPath::In(const arrow::RecordBatch& batch) const {
  std::shared_ptr<arrow::Array> array = batch.column(steps_.front());
  for (size_t i = 1; i < steps_.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(
        array, static_cast<const arrow::StructArray&>(*array).GetFlattenedField(steps_[i]));
  }
  return array;
}

std::optional<BrokenPath> FindBrokenPath(const arrow::Schema& schema, const std::string& name) {
  for (size_t end = name.rfind('.'); end != std::string::npos && end > 0;
       end = name.rfind('.', end - 1)) {
    const auto path = ColumnPath::Find(schema, name.substr(0, end));
    if (!path || path->type()->id() != arrow::Type::STRUCT) continue;
    BrokenPath broken{name.substr(0, end), name.substr(end + 1), {}};
    for (const auto& field : path->type()->fields()) broken.members.push_back(field->name());
    return broken;
  }
  return std::nullopt;
}

}  // namespace millrace::expr
