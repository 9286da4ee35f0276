#include <array>

#include "io/csv/detect/layout.h"
#include "io/csv/detect/value_kind.h"

namespace millrace::io::csv {
namespace {

constexpr int kFooterRowsMax = 12;

std::string LowerWord(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool keep = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      static_cast<unsigned char>(c) >= 0x80;
    if (keep) {
      out += upper ? static_cast<char>(c + 32) : c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool StartsWithWord(const std::string& text, std::string_view word) {
  return text.rfind(word, 0) == 0 && (text.size() == word.size() || text[word.size()] == ' ');
}

// "Total", "Summe EUR", "Grand total:".
bool SaysTotal(std::string_view text) {
  static constexpr std::array<std::string_view, 10> kWords = {
      "total", "totals", "grand total", "subtotal", "sum",
      "summe", "gesamt", "average",     "mean",     "count"};
  const std::string word = LowerWord(text);
  for (const std::string_view known : kWords) {
    if (StartsWithWord(word, known)) return true;
  }
  return false;
}

// "(12 rows)", "12 rows affected", "end of report", "Generated on ...", "Source: ...".
bool SaysEnd(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kWords = {
      "end",  "eof",   "generated", "exported", "created", "source",
      "note", "notes", "printed",   "report",   "page",    "copyright"};
  std::string word = LowerWord(text);
  const bool counts = !word.empty() && word[0] >= '0' && word[0] <= '9';
  for (const std::string_view unit : {" row", " rows", " record", " records", " zeilen"}) {
    const size_t at = word.find(unit);
    if (counts && at != std::string::npos && at < 14) return true;
  }
  for (const std::string_view known : kWords) {
    if (StartsWithWord(word, known)) return true;
  }
  return false;
}

bool IsFooter(const SampleRecord& record, bool after_blank, size_t fields,
              const std::vector<bool>& typed) {
  const std::vector<TextField>& cells = record.text.fields;
  const TextField* first = nullptr;
  size_t filled = 0;
  for (const TextField& cell : cells) {
    if (cell.text.empty()) continue;
    ++filled;
    if (first == nullptr) first = &cell;
  }
  if (first == nullptr) return false;
  if (filled == 1 && fields > 1) {
    // A line of prose: it says that it ends the table, or stands alone behind a blank line.
    const bool prose =
        first->text.find(' ') != std::string::npos && KindOfValue(first->text) == ValueKind::kText;
    if (SaysTotal(first->text) || SaysEnd(first->text) || (after_blank && prose)) return true;
  }
  if (!SaysTotal(first->text) || fields < 2) return false;
  if (cells.size() != fields) return true;
  // As many fields as a row has: then the word stands where others have numbers, or what names a
  // row is missing.
  const auto at = static_cast<size_t>(first - cells.data());
  return (at < typed.size() && typed[at]) || at > 0 || filled * 2 <= cells.size() + 1;
}

}  // namespace

int FooterRows(const std::vector<SampleRecord>& records, size_t fields,
               const std::vector<bool>& typed) {
  int rows = 0;
  int found = 0;
  for (size_t i = records.size(); i > 1 && rows < kFooterRowsMax; --i) {
    const SampleRecord& record = records[i - 1];
    if (record.blank) continue;
    const bool after_blank = records[i - 2].blank || found > 0;
    if (record.lines > 1 || record.comment) break;
    const bool footer = IsFooter(record, records[i - 2].blank, fields, typed);
    const bool between = !footer && record.fields() != fields && record.fields() == 1 &&
                         after_blank && record.text.fields[0].text.find(' ') != std::string::npos;
    if (!footer && !between) break;
    ++rows;
    if (footer) found = rows;
  }
  return found;
}

int FooterTeller::Rows(std::string_view tail) const {
  const PaddedText padded{std::string(tail)};
  return FooterRows(ReadRecords(padded.text(), /*whole=*/true, dialect, tail.size()), fields,
                    typed);
}

}  // namespace millrace::io::csv
