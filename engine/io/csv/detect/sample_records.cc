#include "io/csv/detect/sample_records.h"

#include <algorithm>

#include "io/csv/scanner.h"

namespace millrace::io::csv {
namespace {

// A longer record is taken for one whose quote was never closed, unless it is one line, as that of
// some thousand columns is; so many of them are looked for.
constexpr size_t kRecordBytesMax = 16 << 10;
constexpr int kOpenMax = 20;

int CountLineEnds(std::string_view text, const Scanner& scanner) {
  int ends = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    ends += scanner.EndsLine(text[i]) && !pair ? 1 : 0;
  }
  return ends;
}

// A record whose quote is never closed is its first line, for the reader as well. False: the text
// has no more lines.
bool CutToLine(std::string_view text, const Scanner& scanner, TextRecord* record) {
  const auto end =
      std::find_if(text.begin(), text.end(), [&](char c) { return scanner.EndsLine(c); });
  if (end == text.end()) return false;
  record->bytes = static_cast<size_t>(end - text.begin()) + 1;
  record->fields.resize(1);
  record->faulty = true;
  return true;
}

// As much of the text as its first record may take.
std::string_view RoomForRecord(std::string_view text, const Scanner& scanner) {
  const auto is_end = [&](char c) { return scanner.EndsLine(c); };
  const auto end = std::find_if(text.begin(), text.end(), is_end);
  const auto line = static_cast<size_t>(end - text.begin());
  return text.substr(0, std::max(kRecordBytesMax, line + std::string_view("\r\n").size()));
}

}  // namespace

PaddedText::PaddedText(std::string text) : storage_(std::move(text)), bytes_(storage_.size()) {
  storage_.append(kPadding, '\0');
}

std::vector<SampleRecord> ReadRecords(std::string_view text, bool whole, const CsvDialect& dialect,
                                      size_t records_max) {
  std::vector<SampleRecord> records;
  const Scanner scanner(dialect, /*force_exact=*/true);
  int line = 0, open = 0;
  for (size_t at = 0; at < text.size() && records.size() < records_max;) {
    SampleRecord record;
    const std::string_view rest = RoomForRecord(text.substr(at), scanner);
    record.text = ReadRecord(rest, dialect, scanner);
    record.offset = at;
    const bool cut = !record.text.complete && (!whole || at + rest.size() < text.size());
    if (record.text.open && open < kOpenMax && CutToLine(rest, scanner, &record.text)) {
      ++open;
    } else if (cut && !records.empty()) {
      break;
    }
    record.line = line;
    record.lines = std::max(1, CountLineEnds(rest.substr(0, record.text.bytes), scanner));
    record.blank =
        record.fields() == 1 && record.text.fields[0].text.empty() && !record.text.fields[0].quoted;
    record.comment = !dialect.comment.empty() && !record.text.fields[0].quoted &&
                     record.text.fields[0].text.rfind(dialect.comment, 0) == 0;
    at += std::max<size_t>(1, record.text.bytes);
    line += record.lines;
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<std::string_view> SplitLines(std::string_view text, std::string_view newline,
                                         size_t lines_max) {
  const bool returns = newline == "\r" || newline == kAnyNewline;
  const bool feeds = newline != "\r";
  std::vector<std::string_view> lines;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size() && lines.size() < lines_max; ++i) {
    const bool end = i == text.size();
    if (!end && !(feeds && text[i] == '\n') && !(returns && text[i] == '\r')) continue;
    if (end && begin == i) break;
    size_t stop = i;
    if (feeds && stop > begin && text[stop - 1] == '\r') --stop;
    lines.push_back(text.substr(begin, stop - begin));
    if (!end && text[i] == '\r' && feeds && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    begin = i + 1;
  }
  return lines;
}

}  // namespace millrace::io::csv
