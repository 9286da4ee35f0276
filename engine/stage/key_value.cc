#include "stage/key_value.h"

#include <arrow/api.h>

#include <cmath>
#include <limits>
#include <string_view>

namespace millrace::stage {
namespace {

template <typename Number>
void AppendNumber(Number value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename Float>
void AppendFloat(Float value, std::string* out) {
  if (std::isnan(value)) value = std::numeric_limits<Float>::quiet_NaN();
  AppendNumber(value == 0 ? Float{0} : value, out);
}

// With its length: a value cannot run into the next one.
void AppendText(std::string_view text, std::string* out) {
  AppendNumber(static_cast<uint64_t>(text.size()), out);
  *out += text;
}

Status AppendValue(const arrow::Array& array, int64_t row, std::string* out) {
  if (array.IsNull(row)) {
    out->push_back('\0');
    return Status::OK();
  }
  out->push_back('\1');
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      AppendText(static_cast<const arrow::BinaryArray&>(array).GetView(row), out);
      return Status::OK();
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      AppendText(static_cast<const arrow::LargeBinaryArray&>(array).GetView(row), out);
      return Status::OK();
    case arrow::Type::FLOAT:
      AppendFloat(static_cast<const arrow::FloatArray&>(array).Value(row), out);
      return Status::OK();
    case arrow::Type::DOUBLE:
      AppendFloat(static_cast<const arrow::DoubleArray&>(array).Value(row), out);
      return Status::OK();
    case arrow::Type::BOOL:
      out->push_back(static_cast<const arrow::BooleanArray&>(array).Value(row) ? '\1' : '\0');
      return Status::OK();
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      AppendNumber(list.value_length(row), out);
      for (int32_t i = 0; i < list.value_length(row); ++i) {
        ARROW_RETURN_NOT_OK(AppendValue(*list.values(), list.value_offset(row) + i, out));
      }
      return Status::OK();
    }
    case arrow::Type::STRUCT: {
      const auto& record = static_cast<const arrow::StructArray&>(array);
      for (int i = 0; i < record.num_fields(); ++i) {
        ARROW_RETURN_NOT_OK(AppendValue(*record.field(i), row, out));
      }
      return Status::OK();
    }
    default:
      break;
  }
  const int bits = arrow::is_fixed_width(array.type_id()) ? array.type()->bit_width() : 0;
  if (bits < 8 || bits % 8 != 0) {
    return MakeError(ErrorCode::kBug, "no key of values of type " + array.type()->ToString());
  }
  const size_t width = static_cast<size_t>(bits) / 8;
  const uint8_t* values = array.data()->buffers[1]->data();
  out->append(
      reinterpret_cast<const char*>(values) + static_cast<size_t>(array.offset() + row) * width,
      width);
  return Status::OK();
}

}  // namespace

Status AppendKeyValues(const arrow::ArrayVector& columns, int64_t row, std::string* out) {
  for (const auto& column : columns) ARROW_RETURN_NOT_OK(AppendValue(*column, row, out));
  return Status::OK();
}

}  // namespace millrace::stage
