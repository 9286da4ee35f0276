#include "io/parquet/normalised_type.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>

namespace millrace::io {

std::shared_ptr<arrow::DataType> NormalisedType(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::DICTIONARY:
      return NormalisedType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::NA:
      return arrow::utf8();
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
      return arrow::binary();
    case arrow::Type::HALF_FLOAT:
      return arrow::float32();
    case arrow::Type::DATE64:
      return arrow::date32();
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
      return arrow::decimal128(decimal.precision(), decimal.scale());
    }
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::MAP: {
      const auto& element = type->field(0);
      return arrow::list(element->WithType(NormalisedType(element->type())));
    }
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) {
        fields.push_back(field->WithType(NormalisedType(field->type())));
      }
      return arrow::struct_(fields);
    }
    default:
      return type;
  }
}

Result<std::shared_ptr<arrow::Array>> Normalised(const std::shared_ptr<arrow::Array>& array) {
  const auto type = NormalisedType(array->type());
  if (type->Equals(array->type())) return array;
  return arrow::compute::Cast(*array, type);
}

}  // namespace millrace::io
