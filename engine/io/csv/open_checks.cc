#include "io/csv/open_checks.h"

#include <simdjson.h>

#include <string>

namespace millrace::io::csv {
namespace {

// Positions inside a chunk and offsets of a column are 32 bits wide.
constexpr int64_t kBytesMax = 512 << 20;

/// Delimiters, quotes and escapes are single ASCII characters that end no line.
bool IsMark(char c) {
  return static_cast<unsigned char>(c) < 0x80 && c != '\n' && c != '\r' && c != '\0';
}

Status NoHeader(const std::string& why) {
  return MakeError(ErrorCode::kUnknownDialect, "the header cannot be read: " + why,
                   "is this a CSV file? `delimiter:`, `quote:` and `header:` can be declared");
}

}  // namespace

Status CheckOptions(const CsvOptions& options) {
  const auto refuse = [](const std::string& what) { return MakeError(ErrorCode::kBadValue, what); };
  const bool quotes = options.quote && *options.quote != '\0';
  const bool escapes = options.escape && *options.escape != '\0';
  if ((options.delimiter && !IsMark(*options.delimiter)) || (quotes && !IsMark(*options.quote)) ||
      (escapes && !IsMark(*options.escape))) {
    return refuse("delimiter, quote and escape must be ASCII characters and no line ends");
  }
  const char quote = options.quote.value_or('"');
  if (options.delimiter && (*options.delimiter == quote || options.delimiter == options.escape)) {
    return refuse("the delimiter must differ from quote and escape");
  }
  if (options.chunk_bytes < 1 || options.chunk_bytes > kBytesMax || options.record_bytes_max < 1 ||
      options.record_bytes_max > kBytesMax) {
    return refuse("chunks and records must be between 1 byte and 512 MiB large");
  }
  return Status::OK();
}

Status CheckEncoding(std::string_view head) {
  if (head.substr(0, 2) == "\xff\xfe" || head.substr(0, 2) == "\xfe\xff") {
    return MakeError(ErrorCode::kUnknownDialect, "the file is UTF-16", "convert it to UTF-8");
  }
  return Status::OK();
}

Status CheckHeader(const TextRecord& header, std::string_view text, bool torn) {
  if (!header.complete && torn) {
    return NoHeader("the first record is longer than " + std::to_string(kHeaderBytesMax) +
                    " bytes");
  }
  if (header.open) return NoHeader("a quote in it is not closed");
  if (header.faulty) return NoHeader("text follows a closing quote in it");
  if (text.find('\0') != std::string_view::npos ||
      !simdjson::validate_utf8(text.data(), text.size())) {
    return NoHeader("it is not UTF-8 text");
  }
  return Status::OK();
}

}  // namespace millrace::io::csv
