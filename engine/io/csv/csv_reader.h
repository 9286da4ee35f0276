// CSV in: RFC 4180 and what the world makes of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_stream.h"
#include "io/record_reader.h"

namespace millrace::io {

/// How a file is written. Every member is decided when a file is opened.
struct CsvDialect {
  char delimiter = ',';
  char quote = '"';   // '\0': no quoting
  char escape = '"';  // == quote: doubled quotes (RFC 4180); or a backslash
  bool header = true;
  bool bom = false;            // a UTF-8 byte order mark comes first
  std::string newline = "\n";  // "\n", "\r\n" or "\r"; records may mix \n and \r\n
};

/// What the config says; an empty member is sniffed.
struct CsvOptions {
  std::optional<char> delimiter, quote, escape;
  std::optional<bool> header;
  std::vector<std::string> column_names;  // replaces the header's names, or gives them without one
  bool fill_short_rows = false;           // missing trailing fields become null instead of a reject
  int64_t chunk_bytes = 1 << 20;  // how much is cut off for one parse; never changes the result
  int64_t record_bytes_max = 16 << 20;
  bool force_exact = false;  // skip the SIMD path; tests compare the two
};

struct SniffedCsv {
  CsvDialect dialect;
  double confidence = 0;             // 0..1
  std::vector<std::string> reasons;  // one sentence per decision
};

/// Decides what the options leave open from the first bytes of a file.
SniffedCsv SniffCsv(std::string_view sample, const CsvOptions& options);

/// Reads the header and maps the projection. A requested column that the header lacks is
/// MissingColumn, one the projection forbids UnknownColumn; duplicate header names, and options
/// that contradict each other, are BadValue; a header that cannot be read as one is UnknownDialect.
/// Blank lines before a header are skipped. A file of nothing else has no columns and no rows, and
/// no column is missing in it.
Result<std::unique_ptr<RecordReader>> OpenCsv(std::unique_ptr<ByteStream> stream,
                                              const CsvOptions& options,
                                              const Projection& projection);

}  // namespace millrace::io
