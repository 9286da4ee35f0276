#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_run_reader.h>

#include "io/parquet/shard_writer.h"

namespace millrace::io {
namespace {

template <typename ListArray>
int64_t ListBytes(const arrow::Array& array) {
  const auto& list = static_cast<const ListArray&>(array);
  using Offset = typename ListArray::offset_type;
  int64_t bytes = array.length() * static_cast<int64_t>(sizeof(Offset));
  if (array.length() == 0) return bytes;
  if (array.null_count() == 0) {
    Offset first = list.value_offset(0);
    return bytes +
           LogicalBytes(*list.values()->Slice(first, list.value_offset(array.length()) - first));
  }
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) continue;
    bytes += LogicalBytes(*list.values()->Slice(list.value_offset(i), list.value_length(i)));
  }
  return bytes;
}

// What lies under a null slot must not count: it is not part of the rows.
template <typename BinaryArray>
int64_t BinaryBytes(const arrow::Array& array) {
  const auto& binary = static_cast<const BinaryArray&>(array);
  using Offset = typename BinaryArray::offset_type;
  int64_t bytes = array.length() * static_cast<int64_t>(sizeof(Offset));
  if (array.length() == 0) return bytes;
  if (array.null_count() == 0) {
    return bytes + binary.value_offset(array.length()) - binary.value_offset(0);
  }
  const Offset* offsets = binary.raw_value_offsets();
  arrow::internal::VisitSetBitRunsVoid(
      array.null_bitmap_data(), array.offset(), array.length(),
      [&](int64_t first, int64_t count) { bytes += offsets[first + count] - offsets[first]; });
  return bytes;
}

int64_t StructBytes(const arrow::Array& array) {
  const auto& rows = static_cast<const arrow::StructArray&>(array);
  int64_t bytes = 0;
  for (int i = 0; i < rows.num_fields(); ++i) {
    if (array.null_count() == 0) {
      bytes += LogicalBytes(*rows.field(i));
      continue;
    }
    for (int64_t row = 0; row < array.length(); ++row) {
      if (array.IsValid(row)) bytes += LogicalBytes(*rows.field(i)->Slice(row, 1));
    }
  }
  return bytes;
}

}  // namespace

int64_t LogicalBytes(const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return BinaryBytes<arrow::StringArray>(array);
    case arrow::Type::BINARY:
      return BinaryBytes<arrow::BinaryArray>(array);
    case arrow::Type::LARGE_STRING:
      return BinaryBytes<arrow::LargeStringArray>(array);
    case arrow::Type::LARGE_BINARY:
      return BinaryBytes<arrow::LargeBinaryArray>(array);
    case arrow::Type::LIST:
      return ListBytes<arrow::ListArray>(array);
    case arrow::Type::MAP:
      return ListBytes<arrow::MapArray>(array);
    case arrow::Type::LARGE_LIST:
      return ListBytes<arrow::LargeListArray>(array);
    case arrow::Type::STRUCT:
      return StructBytes(array);
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& list = static_cast<const arrow::FixedSizeListArray&>(array);
      int64_t size = list.value_length();
      return LogicalBytes(*list.values()->Slice((list.offset()) * size, list.length() * size));
    }
    case arrow::Type::EXTENSION:
      return LogicalBytes(*static_cast<const arrow::ExtensionArray&>(array).storage());
    case arrow::Type::NA:
      return 0;
    default: {
      int bits = array.type()->bit_width();
      return bits > 0 ? array.length() * ((bits + 7) / 8) : 0;
    }
  }
}

void AddRowBytes(const arrow::Array& array, std::vector<int64_t>* bytes) {
  const auto rows = static_cast<size_t>(array.length());
  const auto add_texts = [&](const auto& texts) {
    constexpr auto kOffset =
        static_cast<int64_t>(sizeof(typename std::remove_cvref_t<decltype(texts)>::offset_type));
    for (size_t row = 0; row < rows; ++row) {
      const auto at = static_cast<int64_t>(row);
      (*bytes)[row] += kOffset + (texts.IsNull(at) ? 0 : texts.value_length(at));
    }
  };
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return add_texts(static_cast<const arrow::StringArray&>(array));
    case arrow::Type::BINARY:
      return add_texts(static_cast<const arrow::BinaryArray&>(array));
    case arrow::Type::LARGE_STRING:
      return add_texts(static_cast<const arrow::LargeStringArray&>(array));
    case arrow::Type::LARGE_BINARY:
      return add_texts(static_cast<const arrow::LargeBinaryArray&>(array));
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::STRUCT:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::EXTENSION:
      for (size_t row = 0; row < rows; ++row) {
        (*bytes)[row] += LogicalBytes(*array.Slice(static_cast<int64_t>(row), 1));
      }
      return;
    default: {
      const int64_t each = rows == 0 ? 0 : LogicalBytes(*array.Slice(0, 1));
      for (size_t row = 0; row < rows; ++row) (*bytes)[row] += each;
    }
  }
}

int64_t LogicalBytes(const arrow::RecordBatch& batch) {
  int64_t bytes = 0;
  for (const auto& column : batch.columns()) bytes += LogicalBytes(*column);
  return bytes;
}

}  // namespace millrace::io
