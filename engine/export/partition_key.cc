#include "export/partition_key.h"

#include <arrow/scalar.h>
#include <arrow/type_traits.h>

#include "io/text/value_text.h"

namespace millrace::exporting {
namespace {

constexpr size_t kSegmentBytesMax = 200;
constexpr char kNullSegment[] = "__HIVE_DEFAULT_PARTITION__";

template <typename ArrayType>
std::string NumberText(const arrow::Array& values, int64_t row) {
  return std::to_string(static_cast<const ArrayType&>(values).Value(row));
}

Result<std::string> ValueText(const arrow::Array& values, int64_t row) {
  std::string text;
  switch (values.type_id()) {
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(values).GetString(row);
    case arrow::Type::LARGE_STRING:
      return static_cast<const arrow::LargeStringArray&>(values).GetString(row);
    case arrow::Type::BOOL:
      return std::string(static_cast<const arrow::BooleanArray&>(values).Value(row) ? "true"
                                                                                    : "false");
    case arrow::Type::INT8:
      return NumberText<arrow::Int8Array>(values, row);
    case arrow::Type::INT16:
      return NumberText<arrow::Int16Array>(values, row);
    case arrow::Type::INT32:
      return NumberText<arrow::Int32Array>(values, row);
    case arrow::Type::INT64:
      return NumberText<arrow::Int64Array>(values, row);
    case arrow::Type::UINT8:
      return NumberText<arrow::UInt8Array>(values, row);
    case arrow::Type::UINT16:
      return NumberText<arrow::UInt16Array>(values, row);
    case arrow::Type::UINT32:
      return NumberText<arrow::UInt32Array>(values, row);
    case arrow::Type::UINT64:
      return NumberText<arrow::UInt64Array>(values, row);
    case arrow::Type::DATE32:
      io::AppendDate(static_cast<const arrow::Date32Array&>(values).Value(row), &text);
      return text;
    default:
      return MakeError(ErrorCode::kBadValue,
                       "a column of type " + values.type()->ToString() + " cannot be a partition",
                       "partition by strings, integers, bools or dates");
  }
}

}  // namespace

std::string EscapeSegment(const std::string& text) {
  static const char kDigits[] = "0123456789ABCDEF";
  std::string escaped;
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
    if (plain) {
      escaped += c;
      continue;
    }
    escaped += '%';
    escaped += kDigits[static_cast<uint8_t>(c) >> 4];
    escaped += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return escaped;
}

Status AppendPartitionFolders(const std::string& name, const arrow::Array& values,
                              std::vector<std::string>* folders) {
  const std::string prefix = EscapeSegment(name) + "=";
  for (int64_t row = 0; row < values.length(); ++row) {
    std::string segment = kNullSegment;
    if (values.IsValid(row)) {
      ARROW_ASSIGN_OR_RAISE(std::string text, ValueText(values, row));
      segment = EscapeSegment(text);
    }
    if (prefix.size() + segment.size() > kSegmentBytesMax) {
      return MakeError(ErrorCode::kBadValue,
                       "a value of the column \"" + name + "\" is too long for a folder's name",
                       "partition by a column of short values");
    }
    (*folders)[static_cast<size_t>(row)] += prefix + segment + "/";
  }
  return Status::OK();
}

}  // namespace millrace::exporting
