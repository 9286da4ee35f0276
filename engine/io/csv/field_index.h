// The records and fields of one chunk: good rows with a fixed number of fields, and rejects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/reject.h"
#include "io/csv/scanner.h"
#include "io/record_reader.h"

namespace millrace::io::csv {

/// Field f of row r is [begin, end) of the chunk, quotes included. `ends` is row-major; a missing
/// field of a filled short row has begin > end.
struct FieldIndex {
  size_t columns = 0;
  uint32_t delimiter_bytes = 1;
  std::vector<uint32_t> row_begins;
  Positions ends;                       // rows * columns
  std::vector<uint32_t> record_of_row;  // empty: row i is record i
  std::vector<Reject> rejects;
  int64_t records = 0;

  size_t rows() const { return row_begins.size(); }
  uint32_t Begin(size_t row, size_t column) const {
    return column == 0 ? row_begins[row] : ends[row * columns + column - 1] + delimiter_bytes;
  }
  uint32_t End(size_t row, size_t column) const { return ends[row * columns + column]; }
};

struct IndexOptions {
  size_t columns = 0;
  bool fill_short_rows = false;
  uint32_t delimiter_bytes = 1;
  bool crlf = true;                 // a carriage return before the line end belongs to it
  std::string comment;              // what a line that is no record starts with
  bool decoded = false;             // the text comes from another encoding than UTF-8
  bool trailing_delimiter = false;  // one more field is no fault where it is empty
  std::vector<std::string> header;  // records that, coming again, are rejected
  std::vector<int> utf8_columns;    // whose bytes must be UTF-8: the requested ones
};

/// REQUIRES: kPadding readable bytes behind the chunk's bytes; chunk.oversize_bytes == 0.
void IndexFields(const Scanner& scanner, const Chunk& chunk, const IndexOptions& options,
                 FieldIndex* out);

/// The reject of a whole record [begin, end) of the chunk.
Reject RejectRecord(const Chunk& chunk, int64_t record, uint32_t begin, uint32_t end,
                    const char* rule, std::string message);

}  // namespace millrace::io::csv
