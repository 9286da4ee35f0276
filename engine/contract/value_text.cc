#include "contract/value_text.h"

#include <arrow/api.h>
#include <arrow/util/base64.h>
#include <arrow/util/decimal.h>
#include <arrow/util/utf8.h>

#include <charconv>
#include <cmath>

#include "base/decimal_text.h"
#include "contract/cast/json_text.h"
#include "contract/cast/parse_time.h"

namespace millrace::contract {

namespace {

constexpr size_t kShownBytesMax = 256;

template <typename T>
void AppendNumber(T value, std::string* out) {
  char buffer[64];
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      *out += std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
      return;
    }
  }
  const auto done = std::to_chars(buffer, buffer + sizeof buffer, value);
  out->append(buffer, done.ptr);
}

template <typename ArrayType>
auto At(const arrow::Array& values, int64_t row) {
  return static_cast<const ArrayType&>(values).Value(row);
}

template <typename ArrayType>
std::string_view ViewAt(const arrow::Array& values, int64_t row) {
  return static_cast<const ArrayType&>(values).GetView(row);
}

template <typename Type>
int64_t TicksOf(const arrow::Array& values) {
  return TicksPerSecond(static_cast<const Type&>(*values.type()).unit());
}

bool IsZoned(const arrow::Array& values) {
  return !static_cast<const arrow::TimestampType&>(*values.type()).timezone().empty();
}

template <typename Decimal>
std::string DecimalAt(const arrow::Array& values, int64_t row) {
  const Decimal value(At<arrow::FixedSizeBinaryArray>(values, row));
  return DecimalText(value.ToIntegerString(),
                     static_cast<const arrow::DecimalType&>(*values.type()).scale());
}

template <typename ListLike>
void AppendElements(const arrow::Array& values, int64_t row, std::string* out) {
  const auto& list = static_cast<const ListLike&>(values);
  *out += '[';
  for (int64_t i = list.value_offset(row); i < list.value_offset(row) + list.value_length(row);
       ++i) {
    if (i > list.value_offset(row)) *out += ',';
    AppendValueJson(*list.values(), i, out);
  }
  *out += ']';
}

void AppendMembers(const arrow::Array& values, int64_t row, std::string* out) {
  const auto& record = static_cast<const arrow::StructArray&>(values);
  *out += '{';
  for (int i = 0; i < record.num_fields(); ++i) {
    if (i > 0) *out += ',';
    AppendJsonString(record.type()->field(i)->name(), out);
    *out += ':';
    AppendValueJson(*record.field(i), row, out);
  }
  *out += '}';
}

bool IsJsonNumber(const arrow::Array& values, int64_t row) {
  if (values.type_id() == arrow::Type::FLOAT)
    return std::isfinite(At<arrow::FloatArray>(values, row));
  if (values.type_id() == arrow::Type::DOUBLE)
    return std::isfinite(At<arrow::DoubleArray>(values, row));
  return arrow::is_integer(values.type_id()) || arrow::is_decimal(values.type_id());
}

bool IsNested(arrow::Type::type id) {
  return id == arrow::Type::LIST || id == arrow::Type::LARGE_LIST || id == arrow::Type::MAP ||
         id == arrow::Type::FIXED_SIZE_LIST || id == arrow::Type::STRUCT;
}

}  // namespace

void AppendValueText(const arrow::Array& values, int64_t row, std::string* out) {
  using Type = arrow::Type;
  switch (values.type_id()) {
    case Type::BOOL:
      *out += At<arrow::BooleanArray>(values, row) ? "true" : "false";
      return;
    case Type::INT8:
      return AppendNumber(At<arrow::Int8Array>(values, row), out);
    case Type::INT16:
      return AppendNumber(At<arrow::Int16Array>(values, row), out);
    case Type::INT32:
      return AppendNumber(At<arrow::Int32Array>(values, row), out);
    case Type::INT64:
      return AppendNumber(At<arrow::Int64Array>(values, row), out);
    case Type::UINT8:
      return AppendNumber(At<arrow::UInt8Array>(values, row), out);
    case Type::UINT16:
      return AppendNumber(At<arrow::UInt16Array>(values, row), out);
    case Type::UINT32:
      return AppendNumber(At<arrow::UInt32Array>(values, row), out);
    case Type::UINT64:
      return AppendNumber(At<arrow::UInt64Array>(values, row), out);
    case Type::FLOAT:
      return AppendNumber(At<arrow::FloatArray>(values, row), out);
    case Type::DOUBLE:
      return AppendNumber(At<arrow::DoubleArray>(values, row), out);
    case Type::DECIMAL128:
      *out += DecimalAt<arrow::Decimal128>(values, row);
      return;
    case Type::DECIMAL256:
      *out += DecimalAt<arrow::Decimal256>(values, row);
      return;
    case Type::STRING:
      *out += ViewAt<arrow::StringArray>(values, row);
      return;
    case Type::LARGE_STRING:
      *out += ViewAt<arrow::LargeStringArray>(values, row);
      return;
    case Type::BINARY:
      *out += arrow::util::base64_encode(ViewAt<arrow::BinaryArray>(values, row));
      return;
    case Type::LARGE_BINARY:
      *out += arrow::util::base64_encode(ViewAt<arrow::LargeBinaryArray>(values, row));
      return;
    case Type::FIXED_SIZE_BINARY:
      *out += arrow::util::base64_encode(ViewAt<arrow::FixedSizeBinaryArray>(values, row));
      return;
    case Type::DATE32:
      return AppendIsoDate(At<arrow::Date32Array>(values, row), out);
    case Type::TIME32:
      return AppendIsoTime(At<arrow::Time32Array>(values, row), TicksOf<arrow::TimeType>(values),
                           out);
    case Type::TIME64:
      return AppendIsoTime(At<arrow::Time64Array>(values, row), TicksOf<arrow::TimeType>(values),
                           out);
    case Type::TIMESTAMP:
      return AppendIsoMoment(At<arrow::TimestampArray>(values, row),
                             TicksOf<arrow::TimestampType>(values), IsZoned(values), out);
    case Type::LIST:
      return AppendElements<arrow::ListArray>(values, row, out);
    case Type::LARGE_LIST:
      return AppendElements<arrow::LargeListArray>(values, row, out);
    case Type::FIXED_SIZE_LIST:
      return AppendElements<arrow::FixedSizeListArray>(values, row, out);
    case Type::MAP:
      return AppendElements<arrow::MapArray>(values, row, out);
    case Type::STRUCT:
      return AppendMembers(values, row, out);
    default: {
      const auto scalar = values.GetScalar(row);
      *out += scalar.ok() ? (*scalar)->ToString() : "";
    }
  }
}

void AppendValueJson(const arrow::Array& values, int64_t row, std::string* out) {
  if (values.IsNull(row)) {
    *out += "null";
  } else if (values.type_id() == arrow::Type::BOOL || IsNested(values.type_id()) ||
             IsJsonNumber(values, row)) {
    AppendValueText(values, row, out);
  } else {
    std::string text;
    AppendValueText(values, row, &text);
    AppendJsonString(text, out);
  }
}

Result<CastResult> ValueTexts(const arrow::Array& values, bool binary_as_utf8) {
  arrow::StringBuilder builder;
  CastResult result;
  std::string text;
  const bool binary = values.type_id() == arrow::Type::BINARY && binary_as_utf8;
  if (binary) arrow::util::InitializeUTF8();
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
    } else if (binary) {
      const std::string_view bytes = ViewAt<arrow::BinaryArray>(values, row);
      if (arrow::util::ValidateUTF8(bytes)) {
        ARROW_RETURN_NOT_OK(builder.Append(bytes));
      } else {
        result.failures.push_back({row, CastError::kBadUtf8});
        ARROW_RETURN_NOT_OK(builder.AppendNull());
      }
    } else {
      text.clear();
      AppendValueText(values, row, &text);
      ARROW_RETURN_NOT_OK(builder.Append(text));
    }
  }
  ARROW_ASSIGN_OR_RAISE(result.values, builder.Finish());
  return result;
}

std::string ShortText(const std::string& text) {
  if (text.size() <= kShownBytesMax) return text;
  size_t size = kShownBytesMax;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size) + "...";
}

}  // namespace millrace::contract
