#include "io/csv/record_text.h"

#include "io/csv/scanner.h"

namespace millrace::io::csv {
namespace {

TextField Unquote(std::string_view raw, const CsvDialect& dialect) {
  TextField field;
  if (dialect.quote == '\0' || raw.size() < 2 || raw.front() != dialect.quote) {
    field.text = raw;
    return field;
  }
  field.quoted = true;
  raw = raw.substr(1, raw.size() - 2);
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == dialect.escape && i + 1 < raw.size()) ++i;
    field.text += raw[i];
  }
  return field;
}

}  // namespace

TextRecord ReadRecord(std::string_view text, const CsvDialect& dialect) {
  return ReadRecord(text, dialect, Scanner(dialect, /*force_exact=*/true));
}

TextRecord ReadRecord(std::string_view text, const CsvDialect& dialect, const Scanner& scanner) {
  TextRecord record;
  const auto* data = reinterpret_cast<const uint8_t*>(text.data());
  Structure structure;
  Place place = Place::kFieldStart;
  size_t at = 0;
  size_t end = text.size();
  // In growing steps, so that a long text is not scanned for a short record.
  for (size_t step = 128; at < text.size() && structure.line_ends == 0; step *= 2) {
    const size_t to = std::min(text.size(), at + step);
    place = scanner.Index(data, at, to, place, &structure);
    at = to;
  }
  for (size_t i = 0; i < structure.positions.size(); ++i) {
    if (scanner.EndsLine(text[structure.positions[i]])) {
      structure.positions.resize(i + 1);
      end = structure.positions[i];
      record.complete = true;
      break;
    }
  }
  record.open = !record.complete && (place == Place::kQuoted || place == Place::kEscaped);
  if (!record.complete) structure.positions.push_back(static_cast<uint32_t>(end));
  record.bytes = record.complete ? end + 1 : end;
  for (uint32_t fault : structure.text_after_quote) record.faulty |= fault < end;
  if (scanner.line_end() == '\n' && end > 0 && text[end - 1] == '\r') {
    structure.positions.back() = static_cast<uint32_t>(end - 1);
  }
  size_t begin = 0;
  for (uint32_t position : structure.positions) {
    const size_t stop = std::max<size_t>(begin, position);
    record.fields.push_back(Unquote(text.substr(begin, stop - begin), dialect));
    begin = position + dialect.delimiter.size();
  }
  return record;
}

size_t BlankBytes(std::string_view text, const CsvDialect& dialect) {
  const char line_end = dialect.newline == "\r" ? '\r' : '\n';
  const bool any = dialect.newline == kAnyNewline;
  size_t bytes = 0;
  while (bytes < text.size()) {
    if (text[bytes] == line_end || (any && text[bytes] == '\r')) {
      ++bytes;
    } else if (line_end == '\n' && text.substr(bytes, 2) == "\r\n") {
      bytes += 2;
    } else {
      break;
    }
  }
  return bytes;
}

}  // namespace millrace::io::csv
