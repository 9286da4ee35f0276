#include "expr/template_columns.h"

#include <arrow/array.h>

#include <algorithm>

#include "base/diagnostic.h"

namespace millrace::expr {
namespace {

/// A column, and the members of structs to walk down from it.
struct ValuePath {
  int column = -1;
  std::vector<std::string> members;
};

// The longest beginning that names a column; what is left are members.
ValuePath Resolve(const arrow::Schema& schema, const TemplateValue& value) {
  ValuePath path;
  if (value.quoted) {
    path.column = schema.GetFieldIndex(value.path);
    return path;
  }
  for (size_t end = value.path.size();; end = value.path.rfind('.', end - 1)) {
    path.column = schema.GetFieldIndex(value.path.substr(0, end));
    if (path.column >= 0) {
      for (size_t at = end; at < value.path.size();) {
        const size_t next = std::min(value.path.find('.', at + 1), value.path.size());
        path.members.push_back(value.path.substr(at + 1, next - at - 1));
        at = next;
      }
      return path;
    }
    if (end == 0 || value.path.rfind('.', end - 1) == std::string::npos) return path;
  }
}

bool IsList(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST;
}

}  // namespace

std::shared_ptr<arrow::DataType> TypeOfValue(const arrow::Schema& schema,
                                             const TemplateValue& value) {
  const ValuePath path = Resolve(schema, value);
  if (path.column < 0) return nullptr;
  std::shared_ptr<arrow::DataType> type = schema.field(path.column)->type();
  for (const std::string& member : path.members) {
    if (type->id() != arrow::Type::STRUCT) return nullptr;
    const auto field = static_cast<const arrow::StructType&>(*type).GetFieldByName(member);
    if (field == nullptr) return nullptr;
    type = field->type();
  }
  return type;
}

std::vector<Diagnostic> CheckTemplate(const Template& text, const arrow::Schema& schema) {
  std::vector<Diagnostic> problems;
  for (const TemplateValue& value : text.values()) {
    const auto type = TypeOfValue(schema, value);
    if (type == nullptr) {
      problems.push_back(text.Problem(value, "there is no column `" + value.path + "`",
                                      DidYouMean(value.path, schema.field_names())));
    } else if (value.form == TemplateValue::Form::kJoined && !IsList(*type)) {
      problems.push_back(text.Problem(
          value, "`join` takes a list, and `" + value.path + "` is a " + type->ToString()));
    }
  }
  return problems;
}

std::vector<std::string> ColumnsOf(const Template& text, const arrow::Schema& schema) {
  std::vector<std::string> names;
  for (const TemplateValue& value : text.values()) {
    const int column = Resolve(schema, value).column;
    if (column >= 0) names.push_back(schema.field(column)->name());
  }
  return names;
}

Result<std::shared_ptr<arrow::Array>> ArrayOf(const arrow::RecordBatch& rows,
                                              const TemplateValue& value) {
  const ValuePath path = Resolve(*rows.schema(), value);
  MILLRACE_CHECK(path.column >= 0);  // CheckTemplate came before
  std::shared_ptr<arrow::Array> array = rows.column(path.column);
  for (const std::string& member : path.members) {
    const auto& parent = static_cast<const arrow::StructArray&>(*array);
    const int index = parent.struct_type()->GetFieldIndex(member);
    MILLRACE_CHECK(index >= 0);
    ARROW_ASSIGN_OR_RAISE(array, parent.GetFlattenedField(index));  // null where the parent is
  }
  return array;
}

}  // namespace millrace::expr
