#include "io/csv/detect/detect.h"

#include <algorithm>
#include <array>

#include "io/csv/detect/layout.h"
#include "io/csv/detect/separators.h"
#include "io/encoding/text_stream.h"

namespace millrace::io::csv {
namespace {

constexpr size_t kRecordsMax = 2000;  // of the head, for the layout
constexpr size_t kPartRecordsMax = 400;
constexpr double kDoubtful = 0.4;

class DialectDetector {
 public:
  DialectDetector(const DialectSample& sample, const CsvOptions& options,
                  const std::vector<std::string>& wanted)
      : options_(options),
        wanted_(wanted),
        head_(sample.head.substr(sample.head.rfind("\xef\xbb\xbf", 0) == 0 ? 3 : 0)),
        middle_(sample.middle),
        tail_(sample.tail),
        whole_(sample.whole) {
    dialect().bom = head_.text().size() < sample.head.size();
    if (dialect().bom) Say("the file starts with a UTF-8 byte order mark");
  }

  Detected Run() {
    if (TakeDeclared()) return {std::move(result_), std::nullopt};
    DecideNewline();
    DecideComment();
    SeparatorChoice choice = ChooseSeparators(head_.text(), whole_, dialect(), options_);
    if (!options_.comment && !dialect().comment.empty() && CommentsAreRows(choice.best)) {
      dialect().comment.clear();
      choice = ChooseSeparators(head_.text(), whole_, dialect(), options_);
    }
    Take(choice);
    DecideLayout(choice);
    CheckParts(choice.best.fields);
    result_.confidence = std::clamp(result_.confidence, 0.0, 1.0);
    return {std::move(result_), std::move(footer_)};
  }

 private:
  CsvDialect& dialect() { return result_.dialect; }
  void Say(std::string reason) { result_.reasons.push_back(std::move(reason)); }
  void Doubt(double confidence) { result_.confidence = std::min(result_.confidence, confidence); }

  // Where everything is declared there is nothing to look for.
  bool TakeDeclared() {
    const CsvOptions& o = options_;
    const bool header = o.header || o.header_rows;
    if (!o.delimiter || !o.quote || !o.escape || !o.newline || !o.comment || !o.skip_rows ||
        !o.footer_rows || !o.trailing_delimiter || !header) {
      return false;
    }
    CsvDialect& d = dialect();
    d.delimiter = *o.delimiter;
    d.quote = *o.quote;
    d.escape = *o.escape;
    d.newline = *o.newline;
    d.comment = *o.comment;
    d.skip_rows = *o.skip_rows;
    d.footer_rows = *o.footer_rows;
    d.trailing_delimiter = *o.trailing_delimiter;
    d.header_rows = o.header_rows.value_or(o.header.value_or(true) ? 1 : 0);
    d.table = o.table.value_or(0);
    result_.confidence = 1;
    Say("the dialect is declared");
    return true;
  }

  void DecideNewline() {
    result_.confidence = 1;
    if (options_.newline) {
      dialect().newline = *options_.newline;
      return;
    }
    size_t feeds = 0, pairs = 0, returns = 0;
    const std::string_view text = head_.text();
    for (size_t i = 0; i < text.size(); ++i) {
      const bool after_return = i > 0 && text[i - 1] == '\r';
      if (text[i] == '\n') ++(after_return ? pairs : feeds);
      const bool alone = text[i] == '\r' && (i + 1 < text.size() ? text[i + 1] != '\n' : whole_);
      returns += alone ? 1 : 0;
    }
    if (feeds + pairs == 0 && returns > 0) {
      dialect().newline = "\r";
      Say("lines end with a lone carriage return");
    } else if (returns > 0 && LoneReturnsEndLines()) {
      dialect().newline = kAnyNewline;
      Say("lines end with a lone carriage return, too");
    } else if (pairs > feeds) {
      dialect().newline = "\r\n";
    }
    if (feeds > 0 && pairs > 0) Say("lines end with \\n and with \\r\\n");
  }

  // They do where records fit better then.
  bool LoneReturnsEndLines() const {
    CsvDialect with;
    with.newline = kAnyNewline;
    const Fit as_text = ChooseSeparators(head_.text(), whole_, CsvDialect(), options_).best;
    const Fit as_end = ChooseSeparators(head_.text(), whole_, with, options_).best;
    return as_end.fields > 1 && as_end.agreement > as_text.agreement;
  }

  void DecideComment() {
    if (options_.comment) {
      dialect().comment = *options_.comment;
      return;
    }
    const auto lines = SplitLines(head_.text(), dialect().newline, 400);
    size_t most = 0;
    for (const std::string_view prefix : {"#", "//", "--", "%"}) {
      size_t count = 0;
      for (const std::string_view line : lines) count += line.substr(0, prefix.size()) == prefix;
      if (count <= most || count * 2 >= lines.size()) continue;
      if (options_.delimiter && *options_.delimiter == prefix) continue;
      most = count;
      dialect().comment = prefix;
    }
  }

  // Lines that start like comments but have as many fields as all others.
  bool CommentsAreRows(const Fit& fit) {
    if (fit.fields < 2) return true;
    CsvDialect plain = fit.dialect;
    plain.comment.clear();
    size_t comments = 0, rows = 0;
    for (const SampleRecord& record : ReadRecords(head_.text(), whole_, plain, kRecordsMax)) {
      if (record.text.fields[0].quoted) continue;
      if (record.text.fields[0].text.rfind(dialect().comment, 0) != 0) continue;
      ++comments;
      rows += record.fields() == fit.fields ? 1 : 0;
    }
    if (rows == 0) return comments == 0;
    if (rows * 2 >= comments) return true;
    Doubt(kDoubtful);
    Say("some lines that start with `" + dialect().comment + "` look like comments, some do not");
    return false;
  }

  void Take(const SeparatorChoice& choice) {
    const Fit& best = choice.best;
    CsvDialect& d = dialect();
    d.delimiter = best.dialect.delimiter;
    d.quote = best.dialect.quote;
    d.escape = best.dialect.escape;
    const std::string named = NamedSeparator(d.delimiter);
    if (options_.delimiter) {
      Say("the delimiter " + named + " is declared");
    } else if (best.fields > 1) {
      Say("the delimiter " + named + " gives " + std::to_string(best.fields) +
          " fields in most of " + std::to_string(best.records) + " records");
    } else {
      Say("no delimiter splits the records: one column");
    }
    if (!options_.quote && d.quote != '"') {
      Say(d.quote == '\0' ? "quotes do not pair: they are text"
                          : std::string("fields are quoted with ") + NamedSeparator({&d.quote, 1}));
    }
    if (!options_.escape && d.escape == '\\') {
      Say("quotes inside quoted fields are escaped with a backslash");
    }
    if (!d.comment.empty() && !options_.comment) {
      Say("lines that start with " + NamedSeparator(d.comment) + " are comments");
    }
    if (options_.delimiter || choice.second.score <= 0) return;
    const double margin = (best.score - choice.second.score) / std::max(1e-9, best.score);
    const double confidence = std::min(1.0, 0.4 + 4 * margin);
    if (confidence >= 1) return;
    Doubt(confidence);
    Say(NamedSeparator(choice.second.dialect.delimiter) +
        " as a delimiter explains the file nearly as well");
  }

  void DecideLayout(const SeparatorChoice& choice) {
    std::vector<SampleRecord> records = ReadRecords(head_.text(), whole_, dialect(), kRecordsMax);
    const bool all_read = whole_ && records.size() < kRecordsMax;
    LayoutInput input;
    input.records = &records;
    input.whole = all_read;
    input.fields = choice.best.fields;
    input.dialect = dialect();
    input.options = &options_;
    input.wanted = &wanted_;
    input.tail = tail_.text();
    PaddedText end;
    if (whole_ && !all_read) {
      end = PaddedText(WholeLines(EndOfHead(), Encoding::kUtf8, /*to_end=*/true));
      input.tail = end.text();
    }
    const Layout layout = FindLayout(input);
    CsvDialect& d = dialect();
    d.skip_rows = layout.skip_rows;
    d.header_rows = layout.header_rows;
    d.footer_rows = layout.footer_rows;
    d.trailing_delimiter = layout.trailing_delimiter;
    d.table = options_.table.value_or(layout.table);
    for (const std::string& reason : layout.reasons) Say(reason);
    CommentsBeforeTable(records);
    if (!options_.footer_rows && !whole_ && input.tail.empty() && !records.empty()) {
      footer_ = FooterTeller{d, choice.best.fields, layout.typed};
      d.footer_rows = kFooterUnknown;
    }
    Doubt(layout.confidence);
    if (options_.delimiter || records.empty()) return;
    if (layout.agreement < 1) {
      Say(std::to_string(static_cast<int>(layout.agreement * 100)) +
          " % of the records have that many fields and no fault");
    }
    Doubt(choice.best.fields > 1 ? layout.agreement : OneColumn(choice, layout));
  }

  static double OneColumn(const SeparatorChoice& choice, const Layout& layout) {
    // What splits many of the lines, though not alike, speaks against one column.
    const double rival = choice.second.fields > 1 ? choice.second.agreement : 0;
    return std::min(layout.agreement, 1 - rival);
  }

  std::string_view EndOfHead() const {
    const std::string_view text = head_.text();
    return text.substr(text.size() - std::min<size_t>(text.size(), kFooterBytesMax / 2));
  }

  // Comments that all stand before the table are a preamble: lines further on that start alike are
  // not taken for comments.
  void CommentsBeforeTable(const std::vector<SampleRecord>& records) {
    CsvDialect& d = dialect();
    if (options_.comment || d.comment.empty() || options_.skip_rows) return;
    int first = -1;
    for (const SampleRecord& record : records) {
      const bool row = !record.blank && !record.comment && record.line >= d.skip_rows;
      if (row && first < 0) first = record.line;
      if (record.comment && first >= 0) return;
    }
    if (first < 0) return;
    d.comment.clear();
    d.skip_rows = first;
    Say("they all stand before the table: " + std::to_string(first) +
        (first == 1 ? " line is" : " lines are") + " skipped");
  }

  // The table that the head shows should go on in the middle and at the end.
  void CheckParts(size_t fields) {
    if (fields < 2 || options_.delimiter) return;
    for (const auto& [part, name] : {std::pair<const PaddedText*, const char*>(&middle_, "middle"),
                                     std::pair<const PaddedText*, const char*>(&tail_, "end")}) {
      size_t rows = 0, fitting = 0;
      for (const SampleRecord& record :
           ReadRecords(part->text(), part == &tail_, dialect(), kPartRecordsMax)) {
        if (record.blank || record.comment) continue;
        ++rows;
        fitting += record.fields() == fields || record.fields() + 1 == fields ? 1 : 0;
      }
      if (rows < 4) continue;
      const double share = static_cast<double>(fitting) / static_cast<double>(rows);
      if (share >= kDialectConfidenceMin) continue;
      Doubt(std::max(share, 0.1));
      Say(std::string("records in the ") + name + " of the file have another number of fields");
    }
  }

  const CsvOptions& options_;
  const std::vector<std::string>& wanted_;
  const PaddedText head_, middle_, tail_;
  const bool whole_;
  SniffedCsv result_;
  std::optional<FooterTeller> footer_;
};

}  // namespace

Detected DetectDialect(const DialectSample& sample, const CsvOptions& options,
                       const std::vector<std::string>& wanted) {
  return DialectDetector(sample, options, wanted).Run();
}

std::string WholeLines(std::string_view raw, Encoding encoding, bool to_end) {
  std::string text;
  DecodeText(encoding, raw, /*last=*/to_end, &text);
  const size_t first = text.find_first_of("\r\n");
  if (first == std::string::npos) return "";
  const bool pair = text.substr(first, 2) == "\r\n";
  text.erase(0, first + (pair ? 2 : 1));
  if (to_end) return text;
  const size_t last = text.find_last_of("\r\n");
  text.resize(last == std::string::npos ? 0 : last + 1);
  return text;
}

}  // namespace millrace::io::csv
