#include "op/generate/row_bytes.h"

#include <arrow/array.h>

namespace millrace::op {
namespace {

int64_t BytesOf(const arrow::Array& values, int64_t begin, int64_t end) {
  switch (values.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      const auto& texts = static_cast<const arrow::BinaryArray&>(values);
      return texts.value_offset(end) - texts.value_offset(begin) + 4 * (end - begin);
    }
    case arrow::Type::LIST: {
      const auto& lists = static_cast<const arrow::ListArray&>(values);
      return BytesOf(*lists.values(), lists.value_offset(begin), lists.value_offset(end)) +
             4 * (end - begin);
    }
    case arrow::Type::STRUCT: {
      const auto& rows = static_cast<const arrow::StructArray&>(values);
      int64_t bytes = 0;
      for (int i = 0; i < rows.num_fields(); ++i) bytes += BytesOf(*rows.field(i), begin, end);
      return bytes;
    }
    default:
      return 8 * (end - begin);
  }
}

}  // namespace

int64_t BytesBeside(const arrow::RecordBatch& rows, int column, int64_t row) {
  int64_t bytes = 0;
  for (int i = 0; i < rows.num_columns(); ++i) {
    if (i != column) bytes += BytesOf(*rows.column(i), row, row + 1);
  }
  return bytes;
}

}  // namespace millrace::op
