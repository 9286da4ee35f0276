#include "op/image/image_column.h"

#include <arrow/array.h>

#include "contract/contract.h"

namespace millrace::op {

std::optional<ImageColumn> ImageColumn::Of(const Request& request) {
  const ConfigValue* name = request.parameters().Find("field");
  const int at = name == nullptr ? -1 : request.Column(*name);
  if (at < 0) return std::nullopt;
  ImageColumn column;
  column.position_ = at;
  const arrow::DataType& type = *request.columns()->field(at)->type();
  if (type.id() == arrow::Type::BINARY) return column;
  if (type.id() == arrow::Type::STRUCT) {
    column.member_ = static_cast<const arrow::StructType&>(type).GetFieldIndex("bytes");
    if (column.member_ >= 0 && type.field(column.member_)->type()->id() == arrow::Type::BINARY) {
      return column;
    }
  }
  request.Report(*name, ErrorCode::kBadValue,
                 '`' + name->text + "` is " + contract::TypeText(type) +
                     ", but must be binary, or a struct with a member `bytes` that is");
  return std::nullopt;
}

ImageColumn::Rows::Rows(const ImageColumn& column, const arrow::RecordBatch& rows)
    : outer_(rows.column(column.position_)), bytes_(outer_) {
  if (column.member_ >= 0) {
    bytes_ = static_cast<const arrow::StructArray&>(*outer_).field(column.member_);
  }
}

std::optional<std::string_view> ImageColumn::Rows::At(int64_t row) const {
  if (outer_->IsNull(row) || bytes_->IsNull(row)) return std::nullopt;
  return static_cast<const arrow::BinaryArray&>(*bytes_).GetView(row);
}

}  // namespace millrace::op
