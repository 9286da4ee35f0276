#include "io/csv/open_checks.h"

#include <simdjson.h>

#include <algorithm>
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
  const auto is_text = [](const std::string& text, size_t bytes_max) {
    return text.size() <= bytes_max && std::all_of(text.begin(), text.end(), IsMark);
  };
  if ((options.delimiter &&
       (options.delimiter->empty() || !is_text(*options.delimiter, kDelimiterBytesMax))) ||
      (quotes && !IsMark(*options.quote)) || (escapes && !IsMark(*options.escape))) {
    return refuse("delimiter, quote and escape must be ASCII characters and no line ends");
  }
  if (options.comment && !is_text(*options.comment, kCommentBytesMax)) {
    return refuse("what starts a comment must be ASCII characters and no line ends");
  }
  const char quote = options.quote.value_or('"');
  const auto has = [&](char c) {
    return options.delimiter && c != '\0' && options.delimiter->find(c) != std::string::npos;
  };
  if (has(quote) || (escapes && has(*options.escape))) {
    return refuse("the delimiter must differ from quote and escape");
  }
  if (options.comment && !options.comment->empty() && options.delimiter &&
      options.comment->rfind(*options.delimiter, 0) == 0) {
    return refuse("the delimiter must differ from what starts a comment");
  }
  if (options.header && options.header_rows && *options.header != (*options.header_rows > 0)) {
    return refuse("`header` and `header_rows` contradict each other");
  }
  const auto in_range = [](const std::optional<int>& value, int most) {
    return !value || (*value >= 0 && *value <= most);
  };
  if (!in_range(options.header_rows, kHeaderRowsMax) || !in_range(options.skip_rows, 1 << 20) ||
      !in_range(options.footer_rows, 1 << 10) || !in_range(options.table, 1 << 20)) {
    return refuse("rows of a header, a preamble or a footer are out of range");
  }
  if (options.chunk_bytes < 1 || options.chunk_bytes > kBytesMax || options.record_bytes_max < 1 ||
      options.record_bytes_max > kBytesMax) {
    return refuse("chunks and records must be between 1 byte and 512 MiB large");
  }
  return Status::OK();
}

Status CheckConfidence(const SniffedCsv& sniffed, const CsvOptions& options) {
  if (options.guess || sniffed.confidence >= kDialectConfidenceMin) return Status::OK();
  std::string why;
  for (const std::string& reason : sniffed.reasons) why += (why.empty() ? "" : "; ") + reason;
  const auto percent = [](double share) {
    return std::to_string(static_cast<int>(share * 100 + 0.5)) + " %";
  };
  return MakeError(
      ErrorCode::kUnknownDialect,
      "how the file is written cannot be told with confidence (" + percent(sniffed.confidence) +
          ", less than " + percent(kDialectConfidenceMin) + "): " + why,
      "if it is right, write `dialect: " + DialectYaml(sniffed.dialect) + "`, or `dialect: guess`");
}

Status CheckHeader(const TextRecord& header, std::string_view text, bool torn) {
  if (!header.complete && torn) {
    return NoHeader("the first record is longer than " + std::to_string(kCsvHeadBytes) + " bytes");
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
