// Reads a file of a text format into texts that tests and fuzz targets compare, checking on the way
// that all bytes and records are accounted for.
#pragma once

#include <arrow/api.h>

#include <memory>
#include <string>
#include <vector>

#include "io/text_format.h"

namespace millrace::io::testing {

/// Comparable as a whole: reading must not depend on how a file is cut.
struct RowsRead {
  std::vector<std::string> columns;
  std::vector<std::string> rows;     // "a|b|<null>"
  std::vector<std::string> rejects;  // "<record> @<offset>+<length> <rule> <value>"
  Status status;                     // of the call that ended the reading
  bool operator==(const RowsRead& other) const {
    return columns == other.columns && rows == other.rows && rejects == other.rejects &&
           status.ToString() == other.status.ToString();
  }
};

/// `text`: the file's, decompressed and in UTF-8. Aborts when an invariant is broken.
inline RowsRead ReadRows(const Result<std::unique_ptr<RecordReader>>& opened,
                         const std::string& text) {
  RowsRead read;
  if (!opened.ok()) {
    read.status = opened.status();
    return read;
  }
  RecordReader& reader = **opened;
  read.columns = reader.file_schema()->field_names();
  int64_t bytes = reader.header_bytes(), records = 0;
  while (true) {
    const auto next = reader.Next();
    if (!next.ok()) {
      read.status = next.status();
      return read;
    }
    if (*next == nullptr) break;
    const Chunk& chunk = **next;
    MILLRACE_CHECK(chunk.byte_offset == bytes);
    const RawBatch batch = reader.Parse(chunk).ValueOrDie();
    MILLRACE_CHECK(batch.columns->ValidateFull().ok());
    MILLRACE_CHECK(batch.bytes_accounted == chunk.bytes_size());
    const int64_t rows = batch.columns->num_rows();
    MILLRACE_CHECK(batch.records == rows + static_cast<int64_t>(batch.rejects.size()));
    for (int64_t row = 0; row < rows; ++row) {
      const RecordExtent& extent = batch.extents[static_cast<size_t>(row)];
      std::string cells = std::to_string(records + batch.RecordOfRow(row)) + " @" +
                          std::to_string(bytes + extent.offset) + "+" +
                          std::to_string(extent.length) + " ";
      for (int i = 0; i < batch.columns->num_columns(); ++i) {
        const auto& column = static_cast<const arrow::StringArray&>(*batch.columns->column(i));
        cells += (i > 0 ? "|" : "") + (column.IsNull(row) ? "<null>" : column.GetString(row));
      }
      read.rows.push_back(std::move(cells));
    }
    for (const Reject& reject : batch.rejects) {
      read.rejects.push_back(
          std::to_string(records + reject.record) + " @" + std::to_string(reject.byte_offset) +
          "+" + std::to_string(reject.byte_length) + " " + reject.rule + " " + reject.value);
      const auto begin = static_cast<size_t>(reject.byte_offset);
      MILLRACE_CHECK(text.compare(begin, reject.raw.size(), reject.raw) == 0);
    }
    records += batch.records;
    bytes += chunk.bytes_size();
  }
  MILLRACE_CHECK(bytes == static_cast<int64_t>(text.size()));
  return read;
}

inline RowsRead ReadRows(const TextFormat& format, const std::string& text,
                         const Projection& projection) {
  return ReadRows(format.Open(MemoryByteStream(text), projection), text);
}

}  // namespace millrace::io::testing
