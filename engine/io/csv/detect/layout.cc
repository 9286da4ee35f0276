#include "io/csv/detect/layout.h"

#include <algorithm>
#include <map>
#include <set>

#include "io/csv/detect/value_kind.h"

namespace millrace::io::csv {
namespace {

constexpr int kHeaderRowsGuessed = 4;
constexpr double kTyped = 0.75;             // of a column's values are of one kind
constexpr double kNoKindOfEvidence = 0.75;  // of a header, where all columns are texts
constexpr double kDoubtful = 0.4;

using Records = std::vector<const SampleRecord*>;

std::string Counted(int count, const char* what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

bool IsValue(ValueKind kind) { return kind != ValueKind::kEmpty && kind != ValueKind::kText; }

// A shape that most values of a column share; kText: none.
ValueKind KindOfColumn(const Records& body, size_t column) {
  std::map<ValueKind, size_t> counts;
  size_t values = 0;
  for (const SampleRecord* record : body) {
    if (column >= record->fields()) continue;
    const std::string& text = record->text.fields[column].text;
    if (text.empty() || SaysNull(text)) continue;
    ++values;
    ++counts[KindOfValue(text)];
  }
  for (const auto& [kind, count] : counts) {
    if (IsValue(kind) && static_cast<double>(count) >= kTyped * static_cast<double>(values)) {
      return kind;
    }
  }
  return ValueKind::kText;
}

// Names: different, not empty (but for the first, an index) and no numbers among them.
bool LooksLikeNames(const SampleRecord& record, size_t fields, std::string* why) {
  std::set<std::string> names;
  for (size_t i = 0; i < std::min(fields, record.fields()); ++i) {
    const std::string& text = record.text.fields[i].text;
    const bool index = i == 0 && record.fields() > 1;
    const ValueKind kind = KindOfValue(text);
    if (text.empty() && !index) {
      *why = "the first record has an empty field";
      return false;
    }
    if (kind == ValueKind::kNumber || kind == ValueKind::kDate || kind == ValueKind::kAddress) {
      *why = "the first record holds numbers or dates";
      return false;
    }
    if (!names.insert(text).second) {
      *why = "the first record repeats a value";
      return false;
    }
  }
  *why = "the first record holds only different words";
  return true;
}

class LayoutFinder {
 public:
  explicit LayoutFinder(const LayoutInput& input)
      : in_(input), options_(*input.options), fields_(input.fields) {
    for (const SampleRecord& record : *in_.records) {
      if (!record.blank && !record.comment) rows_.push_back(&record);
    }
  }

  Layout Run() {
    if (rows_.empty()) {
      out_.header_rows = options_.header == false || options_.header_rows == 0 ? 0 : 1;
      if (options_.header_rows) out_.header_rows = *options_.header_rows;
      out_.skip_rows = options_.skip_rows.value_or(0);
      return out_;
    }
    FindTrailingDelimiter();
    FindFirstRow();
    FindTypes();
    FindHeader();
    FindFooter();
    FindTables();
    Measure();
    out_.typed = typed_;
    return out_;
  }

 private:
  size_t columns() const { return out_.trailing_delimiter ? fields_ - 1 : fields_; }
  bool IsRow(const SampleRecord& record) const {
    return record.fields() == fields_ ||
           (out_.trailing_delimiter && record.fields() + 1 == fields_);
  }
  void Doubt(double confidence, std::string reason) {
    out_.confidence = std::min(out_.confidence, confidence);
    out_.reasons.push_back(std::move(reason));
  }

  // Every record ends with a delimiter, the header's perhaps not.
  void FindTrailingDelimiter() {
    if (options_.trailing_delimiter) {
      out_.trailing_delimiter = *options_.trailing_delimiter && fields_ > 1;
      return;
    }
    size_t rows = 0;
    for (const SampleRecord* record : rows_) {
      if (record->fields() != fields_) continue;
      ++rows;
      const TextField& last = record->text.fields.back();
      if (!last.text.empty() || last.quoted) return;
    }
    if (rows < 2 || fields_ < 3) return;
    out_.trailing_delimiter = true;
    out_.reasons.push_back("records end with a delimiter");
  }

  void FindFirstRow() {
    if (options_.skip_rows) {
      out_.skip_rows = *options_.skip_rows;
      while (first_ < rows_.size() && rows_[first_]->line < out_.skip_rows) ++first_;
      if (first_ == rows_.size()) first_ = rows_.size() - 1;
      return;
    }
    if (fields_ < 2) return;
    if (FindWantedNames()) return;
    while (first_ < rows_.size() && !StartsTable(first_)) ++first_;
    if (first_ == rows_.size()) first_ = 0;
    if (first_ == 0) return;
    // A line of the preamble that is nearly a row may be the header, short of a name.
    for (size_t i = 0; i < first_; ++i) {
      const SampleRecord& record = *rows_[i];
      std::string why;
      const bool faulty = record.text.faulty || record.text.open;
      const bool nearly = record.fields() >= 2 && record.fields() * 2 > fields_;
      if (!nearly && !faulty) continue;
      const bool declared = options_.header == true || options_.header_rows.value_or(0) > 0;
      if (declared || LooksLikeNames(record, record.fields(), &why)) first_ = i;
      const std::string line = "line " + std::to_string(record.line + 1);
      Doubt(declared ? 1 : kDoubtful,
            faulty ? line + " has quotes that do not pair: a broken header, or no part of the table"
                   : line + " has " + std::to_string(record.fields()) +
                         " fields where most records have " + std::to_string(fields_) +
                         ": a header that lacks a name, or no part of the table");
      break;
    }
    SkipTo(first_);
  }

  void SkipTo(size_t row) {
    first_ = row;
    if (row == 0) return;
    out_.skip_rows = rows_[row]->line;
    out_.reasons.push_back(Counted(out_.skip_rows, "line") + " before the table");
  }

  // A record of the table's width that is followed by another (or nothing).
  bool StartsTable(size_t i) const {
    if (!IsRow(*rows_[i])) return false;
    return i + 1 >= rows_.size() || IsRow(*rows_[i + 1]) ||
           (i + 2 < rows_.size() && IsRow(*rows_[i + 2]));
  }

  bool HasWantedNames(const SampleRecord& record) const {
    const auto& cells = record.text.fields;
    return !in_.wanted->empty() &&
           std::all_of(in_.wanted->begin(), in_.wanted->end(), [&](const std::string& name) {
             return std::any_of(cells.begin(), cells.end(),
                                [&](const TextField& cell) { return cell.text == name; });
           });
  }

  bool FindWantedNames() {
    for (size_t i = 0; i < std::min<size_t>(rows_.size(), 20); ++i) {
      if (!HasWantedNames(*rows_[i])) continue;
      SkipTo(i);
      return true;
    }
    return false;
  }

  void FindTypes() {
    Records body;
    const size_t behind = rows_.size() - first_ >= 8 ? 3 : 1;
    for (size_t i = first_ + behind; i < rows_.size(); ++i) {
      if (IsRow(*rows_[i])) body.push_back(rows_[i]);
    }
    for (size_t column = 0; column < columns(); ++column) {
      kinds_.push_back(body.empty() ? ValueKind::kText : KindOfColumn(body, column));
      typed_.push_back(IsValue(kinds_.back()));
    }
    body_rows_ = body.size();
  }

  // How a record's cells stand to the columns' kinds.
  struct Conformity {
    size_t same = 0, other = 0, empty = 0;
  };
  Conformity ConformityOf(const SampleRecord& record) const {
    Conformity c;
    for (size_t i = 0; i < std::min(kinds_.size(), record.fields()); ++i) {
      if (!typed_[i]) continue;
      const std::string& text = record.text.fields[i].text;
      const ValueKind kind = KindOfValue(text);
      const bool alike =
          kind == kinds_[i] || (kind == ValueKind::kNumber && kinds_[i] == ValueKind::kDate) ||
          (kind == ValueKind::kDate && kinds_[i] == ValueKind::kNumber) || SaysNull(text);
      // Names may be written in capitals, as codes are.
      const bool code = kinds_[i] == ValueKind::kCode && kind == ValueKind::kCode;
      ++(text.empty() ? c.empty : alike && !code ? c.same : code ? c.empty : c.other);
    }
    return c;
  }

  void FindHeader() {
    if (options_.header_rows || options_.header) {
      out_.header_rows = options_.header_rows.value_or(options_.header.value_or(true) ? 1 : 0);
      return;
    }
    const SampleRecord& first = *rows_[first_];
    if (HasWantedNames(first)) {
      out_.header_rows = 1;
      out_.reasons.push_back("a header: it has the names the contract asks for");
      return;
    }
    std::string why;
    const bool names = LooksLikeNames(first, columns(), &why);
    const Conformity conformity = ConformityOf(first);
    const size_t typed = conformity.same + conformity.other + conformity.empty;
    if (conformity.same == 0 && conformity.other > 0) {
      out_.header_rows = 1;
      const bool certain = names || columns() > 1;
      out_.reasons.push_back("a header: where other records hold values it has words");
      if (!certain) Doubt(kNoKindOfEvidence, "the header has odd names");
      FindMoreHeaderRows();
    } else if (conformity.same > 0) {
      out_.header_rows = 0;
      out_.reasons.push_back("no header: " + (names ? "the first record is like the others" : why));
      CheckNumericNames(first, conformity);
    } else {
      out_.header_rows = names ? 1 : 0;
      out_.reasons.push_back((names ? "a header: " : "no header: ") + why);
      if (typed == 0 && body_rows_ > 0)
        out_.confidence = std::min(out_.confidence, HeaderByWords());
    }
  }

  // All columns are texts: a name that comes again below it is a value.
  double HeaderByWords() {
    const SampleRecord& first = *rows_[first_];
    for (size_t column = 0; column < std::min(columns(), first.fields()); ++column) {
      for (size_t i = first_ + 1; i < rows_.size(); ++i) {
        if (column >= rows_[i]->fields() || !IsRow(*rows_[i])) continue;
        if (rows_[i]->text.fields[column].text != first.text.fields[column].text) continue;
        if (SameCells(*rows_[i], first)) continue;  // the header again
        if (out_.header_rows == 1 && !first.text.fields[column].text.empty()) {
          out_.reasons.push_back("`" + first.text.fields[column].text +
                                 "` of the first record is a value of later ones, too");
          return kDoubtful;
        }
      }
    }
    return kNoKindOfEvidence;
  }

  static bool SameCells(const SampleRecord& a, const SampleRecord& b) {
    if (a.fields() != b.fields()) return false;
    for (size_t i = 0; i < a.fields(); ++i) {
      if (a.text.fields[i].text != b.text.fields[i].text) return false;
    }
    return true;
  }

  void FindMoreHeaderRows() {
    while (out_.header_rows < kHeaderRowsGuessed) {
      const size_t next = first_ + static_cast<size_t>(out_.header_rows);
      if (next + 1 >= rows_.size() || !IsRow(*rows_[next])) return;
      const Conformity c = ConformityOf(*rows_[next]);
      // One odd value is a bad row; several, and nothing that fits, are a header.
      if (c.same > 0 || c.other < 2) return;
      ++out_.header_rows;
      out_.reasons.push_back("line " + std::to_string(rows_[next]->line + 1) +
                             " has words where others have values, too: a header of " +
                             std::to_string(out_.header_rows) + " rows");
    }
  }

  // "name,2019,2020" is a header although its numbers fit the columns.
  void CheckNumericNames(const SampleRecord& first, const Conformity& conformity) {
    std::set<std::string> numbers;
    bool years = true;
    for (size_t i = 0; i < std::min(kinds_.size(), first.fields()); ++i) {
      if (!typed_[i]) continue;
      const std::string& text = first.text.fields[i].text;
      const bool year =
          text.size() == 4 && (text.substr(0, 2) == "19" || text.substr(0, 2) == "20");
      years &= year && numbers.insert(text).second;
    }
    if ((years && typed_.size() > numbers.size() && body_rows_ > 0) ||
        conformity.other > conformity.same) {
      Doubt(kDoubtful, "the first record may well be a header with numbers in it");
    }
  }

  void FindFooter() {
    if (options_.footer_rows) {
      out_.footer_rows = *options_.footer_rows;
      return;
    }
    if (in_.whole) {
      const size_t header_end = first_ + static_cast<size_t>(out_.header_rows);
      std::vector<SampleRecord> rest;
      for (const SampleRecord& record : *in_.records) {
        if (header_end > 0 && header_end <= rows_.size() &&
            record.offset <= rows_[header_end - 1]->offset) {
          continue;
        }
        rest.push_back(record);
      }
      const bool headed = header_end > 0 && !rest.empty();
      if (headed) rest.insert(rest.begin(), *rows_[header_end - 1]);
      TakeFooter(csv::FindFooter(rest, fields_, typed_, headed ? 1 : 0));
    } else if (!in_.tail.empty()) {
      TakeFooter(FooterTeller{in_.dialect, fields_, typed_}.Find(in_.tail));
    }
  }

  void TakeFooter(const Footer& footer) {
    out_.footer_rows = footer.rows;
    if (footer.rows > 0) {
      out_.reasons.push_back(Counted(footer.rows, "line") + " after the table" +
                             (footer.reason.empty() ? "" : ": " + footer.reason));
    }
    if (!footer.doubt.empty()) Doubt(kDoubtful, footer.doubt);
  }

  // Blank lines with a table of its own behind them.
  void FindTables() {
    // Where a table begins and ends may be declared, too.
    if (options_.table || (options_.skip_rows && options_.footer_rows) || fields_ < 2) return;
    const std::vector<SampleRecord>& all = *in_.records;
    for (size_t i = 1; i + 1 < all.size(); ++i) {
      if (!all[i - 1].blank || all[i].blank || all[i].comment) continue;
      if (all[i].offset <= rows_[first_]->offset) continue;
      size_t rows = 0, same_width = 0;
      for (size_t j = i; j < all.size() && !all[j].blank; ++j) {
        if (all[j].comment) continue;
        ++rows;
        same_width += all[j].fields() == all[i].fields() ? 1 : 0;
      }
      // A title may stand above the second table.
      const bool wide = all[i].fields() >= 2 && rows >= 2 && same_width * 2 > rows;
      const bool titled = all[i].fields() == 1 && i + 2 < all.size() && all[i + 1].fields() >= 2 &&
                          !IsRow(all[i + 1]);
      if (!(wide && StartsOther(all[i])) && !titled) continue;
      NameTable();
      Doubt(kDoubtful * 0.75, "another table seems to start on line " +
                                  std::to_string(all[i].line + 1) + ": `table: N` says which one");
      return;
    }
  }

  // Tables count from 1 between blank lines, and the lines to skip are those of the table's own.
  void NameTable() {
    int start = 0;
    bool inside = false;
    for (const SampleRecord& record : *in_.records) {
      if (record.offset > rows_[first_]->offset) break;
      if (!record.blank && !inside) {
        ++out_.table;
        start = record.line;
      }
      inside = !record.blank;
    }
    out_.skip_rows = rows_[first_]->line - start;
    out_.footer_rows = 0;
  }

  bool StartsOther(const SampleRecord& record) const {
    if (out_.header_rows > 0 && SameCells(record, *rows_[first_])) return false;  // repeated
    if (!IsRow(record)) return true;
    const Conformity c = ConformityOf(record);
    return c.same == 0 && c.other > 0;
  }

  void Measure() {
    size_t rows = 0, fitting = 0;
    size_t end = rows_.size();
    if (in_.whole) end -= std::min(end, static_cast<size_t>(out_.footer_rows));
    for (size_t i = first_; i < end; ++i) {
      ++rows;
      const bool filled = options_.fill_short_rows && rows_[i]->fields() < fields_;
      fitting += (IsRow(*rows_[i]) || filled) && !rows_[i]->text.faulty ? 1 : 0;
    }
    out_.agreement = rows == 0 ? 1 : static_cast<double>(fitting) / static_cast<double>(rows);
  }

  const LayoutInput& in_;
  const CsvOptions& options_;
  size_t fields_;
  Records rows_;      // neither blank nor comments
  size_t first_ = 0;  // in rows_: the header or first record
  std::vector<ValueKind> kinds_;
  std::vector<bool> typed_;
  size_t body_rows_ = 0;
  Layout out_;
};

}  // namespace

Layout FindLayout(const LayoutInput& input) { return LayoutFinder(input).Run(); }

}  // namespace millrace::io::csv
