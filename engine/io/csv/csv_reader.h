// CSV in: RFC 4180 and what the world makes of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_stream.h"
#include "io/encoding/encoding.h"
#include "io/record_reader.h"

namespace millrace::io {

/// CsvDialect::newline: \n, \r\n and a lone \r all end lines.
inline constexpr std::string_view kAnyNewline = "any";
inline constexpr size_t kDelimiterBytesMax = 8;
inline constexpr size_t kCommentBytesMax = 8;
inline constexpr int kHeaderRowsMax = 8;
/// A footer lies within this many bytes at the end of a file.
inline constexpr int64_t kFooterBytesMax = 64 << 10;
/// CsvDialect::footer_rows: the end of the file was not seen.
inline constexpr int kFooterUnknown = -1;
/// A dialect that is told with less confidence is refused, unless the options say to guess.
inline constexpr double kDialectConfidenceMin = 0.6;

/// How a file is written. Every member is decided when a file is opened.
struct CsvDialect {
  std::string delimiter = ",";      // one to kDelimiterBytesMax bytes
  char quote = '"';                 // '\0': no quoting
  char escape = '"';                // == quote: doubled quotes (RFC 4180); or a backslash
  int header_rows = 1;              // 0: no header; the names of several rows are joined with `_`
  bool bom = false;                 // a UTF-8 byte order mark comes first
  std::string newline = "\n";       // "\n", "\r\n" (the two may mix), "\r" or kAnyNewline
  int skip_rows = 0;                // lines before the header (a preamble)
  int footer_rows = 0;              // lines after the last record, blank ones not counted;
                                    // kFooterUnknown until the end of the file is read
  std::string comment;              // what a comment line starts with; "": there are none
  bool trailing_delimiter = false;  // records end with one more delimiter
  int table = 0;                    // which of the tables between blank lines, from 1; 0: only one
  Encoding encoding = Encoding::kUtf8;
  bool header() const { return header_rows > 0; }
};

/// What the config says; an empty member is told from the file.
struct CsvOptions {
  std::optional<std::string> delimiter, newline, comment;
  std::optional<char> quote, escape;
  std::optional<bool> header, trailing_delimiter;
  std::optional<int> header_rows, skip_rows, footer_rows, table;
  std::optional<Encoding> encoding;
  bool guess = false;                     // take what is told with too little confidence, too
  std::vector<std::string> column_names;  // replaces the header's names, or gives them without one
  bool fill_short_rows = false;           // missing trailing fields become null instead of a reject
  int64_t chunk_bytes = 1 << 20;  // how much is cut off for one parse; never changes the result
  int64_t record_bytes_max = 16 << 20;
  bool force_exact = false;  // skip the SIMD path; tests compare the two
};

struct SniffedCsv {
  CsvDialect dialect;
  bool bom = false;                  // the text begins with a byte order mark, of UTF-16 too
  double confidence = 0;             // 0..1
  std::vector<std::string> reasons;  // one sentence per decision
};

/// Parts of the raw file behind its head, for telling the dialect; empty where they are not known
/// (compressed files) or the head is all of it. Cut anywhere.
struct CsvFileParts {
  std::string middle, tail;  // `tail` is the end of the file
};

/// Decides what the options leave open from a file's first bytes (kCsvHeadBytes of its text) and
/// the parts given. `wanted`: column names that a header would have.
inline constexpr int64_t kCsvHeadBytes = 256 << 10;
Result<SniffedCsv> SniffCsv(std::unique_ptr<ByteStream> stream, const CsvOptions& options,
                            const CsvFileParts& parts = {},
                            const std::vector<std::string>& wanted = {});

/// The dialect as the config writes it, for pasting: "{delimiter: \";\", quote: ...}".
std::string DialectYaml(const CsvDialect& dialect);

/// Reads the header and maps the projection. A requested column that the header lacks is
/// MissingColumn, one the projection forbids UnknownColumn; duplicate header names, and options
/// that contradict each other, are BadValue; a header that cannot be read as one is UnknownDialect,
/// and so is a dialect that is told with less than kDialectConfidenceMin. Blank lines before a
/// header are skipped. A file of nothing else has no columns and no rows, and no column is missing
/// in it.
Result<std::unique_ptr<RecordReader>> OpenCsv(std::unique_ptr<ByteStream> stream,
                                              const CsvOptions& options,
                                              const Projection& projection,
                                              const CsvFileParts& parts = {});

}  // namespace millrace::io
