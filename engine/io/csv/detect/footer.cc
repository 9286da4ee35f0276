#include <algorithm>
#include <array>
#include <optional>

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

constexpr std::array<std::string_view, 10> kTotals = {"total", "totals", "grand total", "subtotal",
                                                      "sum",   "summe",  "gesamt",      "average",
                                                      "mean",  "count"};

// "Total", "Summe EUR", "Grand total:", also "Total Energies".
bool SaysTotal(std::string_view text) {
  const std::string word = LowerWord(text);
  return std::any_of(kTotals.begin(), kTotals.end(),
                     [&](std::string_view known) { return StartsWithWord(word, known); });
}

// Likewise, but nothing else than a code may follow: no name happens to begin so.
bool SaysOnlyTotal(std::string_view text) {
  const size_t end = text.find_last_not_of(" :");
  text = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  const size_t space = text.rfind(' ');
  if (space != std::string_view::npos && KindOfValue(text.substr(space + 1)) == ValueKind::kCode) {
    const std::string rest = LowerWord(text.substr(0, space));
    if (std::find(kTotals.begin(), kTotals.end(), rest) != kTotals.end()) return true;
  }
  return std::find(kTotals.begin(), kTotals.end(), LowerWord(text)) != kTotals.end();
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

using Records = std::vector<SampleRecord>;

using Wide = __int128;

// A number to be added up exactly, in billionths: none where it has more digits than that, or is
// written in another way.
std::optional<Wide> FixedNumber(std::string_view text) {
  constexpr int kPlaces = 9, kDigits = 24;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  Wide value = 0;
  int digits = 0, places = -1;  // -1: no point yet
  for (const char c : text) {
    if ((c == '.' || c == ',') && places < 0 && digits > 0) {
      places = 0;
      continue;
    }
    if (c < '0' || c > '9' || places == kPlaces || ++digits > kDigits) return std::nullopt;
    value = value * 10 + (c - '0');
    if (places >= 0) ++places;
  }
  if (digits == 0 || places == 0) return std::nullopt;
  for (int i = std::max(places, 0); i < kPlaces; ++i) value *= 10;
  return negative ? -value : value;
}

const TextField* Cell(const SampleRecord& record, size_t column) {
  const bool there = column < record.fields() && !record.text.fields[column].text.empty();
  return there ? &record.text.fields[column] : nullptr;
}

// Whether the number in that column of record `at` is the sum of those above.
bool IsSumOfColumn(const Records& records, size_t rows_begin, size_t at, size_t column) {
  const std::optional<Wide> said = FixedNumber(Cell(records[at], column)->text);
  Wide sum = 0;
  int added = 0;
  for (size_t i = rows_begin; said && i < at; ++i) {
    const TextField* cell = records[i].comment ? nullptr : Cell(records[i], column);
    if (cell == nullptr || SaysNull(cell->text)) continue;
    const std::optional<Wide> number = FixedNumber(cell->text);
    if (!number) return false;
    sum += *number;
    ++added;
  }
  return said && added >= 2 && sum == *said;
}

// A record with a value in its first column, a text, that says "total" and nothing else, and with
// numbers in others: it may be the end of a report. Not where the word came before: then it is one
// of the column's values.
bool MayBeTotal(const Records& records, size_t at, const std::vector<bool>& typed) {
  const SampleRecord& record = records[at];
  const TextField* first = Cell(record, 0);
  if (first == nullptr || (!typed.empty() && typed[0]) || !SaysOnlyTotal(first->text)) return false;
  const auto is_number = [](const TextField& cell) {
    return KindOfValue(cell.text) == ValueKind::kNumber;
  };
  if (std::none_of(record.text.fields.begin() + 1, record.text.fields.end(), is_number)) {
    return false;
  }
  const std::string word = LowerWord(first->text);
  return std::none_of(records.begin(), records.begin() + static_cast<int64_t>(at),
                      [&](const SampleRecord& earlier) {
                        const TextField* cell = Cell(earlier, 0);
                        return cell != nullptr && LowerWord(cell->text) == word;
                      });
}

bool HoldsSums(const Records& records, size_t rows_begin, size_t at) {
  const SampleRecord& record = records[at];
  bool found = false;
  for (size_t column = 1; column < record.fields(); ++column) {
    const TextField* cell = Cell(record, column);
    if (cell == nullptr) continue;
    if (KindOfValue(cell->text) != ValueKind::kNumber) return false;
    found = found || IsSumOfColumn(records, rows_begin, at, column);
  }
  return found;
}

}  // namespace

Footer FindFooter(const Records& records, size_t fields, const std::vector<bool>& typed,
                  std::optional<size_t> rows_begin) {
  Footer out;
  int rows = 0;
  int& found = out.rows;
  for (size_t i = records.size(); i > 1 && rows < kFooterRowsMax; --i) {
    const SampleRecord& record = records[i - 1];
    if (record.blank) continue;
    const bool after_blank = records[i - 2].blank || found > 0;
    if (record.lines > 1 || record.comment) break;
    bool footer = IsFooter(record, records[i - 2].blank, fields, typed);
    if (!footer && record.fields() == fields && MayBeTotal(records, i - 1, typed)) {
      footer = rows_begin && HoldsSums(records, *rows_begin, i - 1);
      const std::string shown = '`' + record.text.fields[0].text + '`';
      if (footer) {
        out.reason = shown + " holds the sums of the rows above";
      } else {
        out.doubt = "the last record says " + shown +
                    ": it may be a total of the rows above (`footer_rows: 1`) or one of them "
                    "(`footer_rows: 0`)";
      }
    }
    const bool between = !footer && record.fields() != fields && record.fields() == 1 &&
                         after_blank && record.text.fields[0].text.find(' ') != std::string::npos;
    if (!footer && !between) break;
    ++rows;
    if (footer) found = rows;
  }
  return out;
}

Footer FooterTeller::Find(std::string_view tail) const {
  const PaddedText padded{std::string(tail)};
  return FindFooter(ReadRecords(padded.text(), /*whole=*/true, dialect, tail.size()), fields, typed,
                    std::nullopt);
}

}  // namespace millrace::io::csv
