#include "io/typed/typed_projection.h"

#include <arrow/array.h>

#include <algorithm>

#include "io/column_lookup.h"
#include "io/parquet/normalised_type.h"

namespace millrace::io {

Result<TypedProjection> TypedProjection::Make(const std::shared_ptr<arrow::Schema>& stored,
                                              const Projection& projection) {
  TypedProjection typed;
  typed.stored_schema_ = stored;
  arrow::FieldVector normalised;
  for (const auto& field : stored->fields()) {
    normalised.push_back(field->WithType(NormalisedType(field->type())));
  }
  typed.file_schema_ = arrow::schema(std::move(normalised));
  ARROW_RETURN_NOT_OK(CheckUnknownColumns(projection, stored->field_names()));
  std::vector<std::string> missing;
  arrow::FieldVector fields;
  if (projection.all) {
    for (int i = 0; i < stored->num_fields(); ++i) typed.paths_.push_back({i, {}});
    fields = typed.file_schema_->fields();
  }
  for (const FieldRequest& request : projection.fields) {
    ColumnPath path;
    const auto type = typed.Find(request.path, &path);
    if (!type) missing.push_back(request.path);
    typed.paths_.push_back(path);
    fields.push_back(arrow::field(request.path, type ? type : arrow::utf8()));
  }
  if (!missing.empty()) return MissingColumns(missing, stored->field_names());
  typed.batch_schema_ = arrow::schema(std::move(fields));

  std::vector<int>& used = typed.used_;
  for (const ColumnPath& path : typed.paths_) used.push_back(path.column);
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  for (ColumnPath& path : typed.paths_) {
    path.column =
        static_cast<int>(std::lower_bound(used.begin(), used.end(), path.column) - used.begin());
  }
  return typed;
}

Result<RawBatch> TypedProjection::Parse(const Chunk& chunk) const {
  RawBatch batch;
  batch.records = chunk.rows;
  arrow::ArrayVector columns;
  for (const ColumnPath& path : paths_) {
    auto array = chunk.decoded->column(path.column);
    for (int member : path.members) {
      ARROW_ASSIGN_OR_RAISE(
          array, static_cast<const arrow::StructArray&>(*array).GetFlattenedField(member));
    }
    ARROW_ASSIGN_OR_RAISE(auto normalised, Normalised(array));
    columns.push_back(std::move(normalised));
  }
  batch.columns = arrow::RecordBatch::Make(batch_schema_, chunk.rows, std::move(columns));
  return batch;
}

// A column of that name, else the longest column name that the path starts with, then members.
std::shared_ptr<arrow::DataType> TypedProjection::Find(const std::string& wanted,
                                                       ColumnPath* path) const {
  path->column = stored_schema_->GetFieldIndex(wanted);
  if (path->column >= 0) return file_schema_->field(path->column)->type();
  for (size_t dot = wanted.rfind('.'); dot != std::string::npos && dot > 0;
       dot = wanted.rfind('.', dot - 1)) {
    path->column = stored_schema_->GetFieldIndex(wanted.substr(0, dot));
    if (path->column < 0) continue;
    auto type = stored_schema_->field(path->column)->type();
    for (size_t at = dot; at != std::string::npos;) {
      const size_t next = wanted.find('.', at + 1);
      const auto name = wanted.substr(at + 1, next == std::string::npos ? next : next - at - 1);
      if (type->id() != arrow::Type::STRUCT) return nullptr;
      const int member = static_cast<const arrow::StructType&>(*type).GetFieldIndex(name);
      if (member < 0) return nullptr;
      path->members.push_back(member);
      type = type->field(member)->type();
      at = next;
    }
    return NormalisedType(type);
  }
  return nullptr;
}

}  // namespace millrace::io
