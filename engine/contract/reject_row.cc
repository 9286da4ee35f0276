#include "contract/reject_row.h"

#include <algorithm>

#include "contract/cast/json_text.h"
#include "contract/value_text.h"

namespace millrace::contract {

namespace {

std::string RowAsJson(const arrow::RecordBatch& columns, int64_t row) {
  std::string out = "{";
  for (int i = 0;
       i < columns.num_columns() && static_cast<int64_t>(out.size()) < kRejectRawBytesMax; ++i) {
    if (i > 0) out += ',';
    AppendJsonString(columns.column_name(i), &out);
    out += ':';
    AppendValueJson(*columns.column(i), row, &out);
  }
  return out + '}';
}

}  // namespace

Reject RejectOfRow(const io::RawBatch& batch, const io::Chunk& chunk, int64_t row) {
  Reject reject;
  reject.record = batch.RecordOfRow(row);
  if (batch.extents.empty()) {
    reject.raw = RowAsJson(*batch.columns, row);
    if (static_cast<int64_t>(reject.raw.size()) > kRejectRawBytesMax)
      reject.raw.resize(kRejectRawBytesMax);
    return reject;
  }
  const io::RecordExtent& extent = batch.extents[static_cast<size_t>(row)];
  reject.byte_offset = chunk.byte_offset + extent.offset;
  reject.byte_length = extent.length;
  if (chunk.bytes) {
    const int64_t shown = std::min<int64_t>(extent.length, kRejectRawBytesMax);
    reject.raw.assign(reinterpret_cast<const char*>(chunk.bytes->data()) + extent.offset,
                      static_cast<size_t>(shown));
  }
  return reject;
}

std::string ShownValue(const std::string& text) { return ShortText(text); }

std::string ShownValue(const arrow::Array& values, int64_t row) {
  return ShortText(WholeValue(values, row));
}

std::string WholeValue(const arrow::Array& values, int64_t row) {
  std::string text;
  if (values.IsValid(row)) AppendValueText(values, row, &text);
  return text;
}

}  // namespace millrace::contract
