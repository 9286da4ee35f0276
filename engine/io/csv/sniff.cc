#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "io/csv/csv_reader.h"
#include "io/csv/record_text.h"

namespace millrace::io {
namespace {

constexpr size_t kRecordsMax = 200;  // looked at per candidate
constexpr std::array<char, 5> kDelimiters = {',', ';', '\t', '|', '^'};

std::string Named(char c) {
  if (c == '\t') return "a tab";
  if (c == '\0') return "none";
  return std::string("`") + c + "`";
}

// How well a dialect explains the sample: most records have the same number of fields.
struct Fit {
  size_t fields = 0;     // of most records
  double agreement = 0;  // share of records with that many
  double faulty = 0;     // share of records with text after a quote
  size_t records = 0;
  double Score() const {
    const double split = fields > 1 ? 1.0 : 0.2;  // one field explains nothing
    return agreement * split * (1 - faulty);
  }
};

Fit FitOf(std::string_view sample, const CsvDialect& dialect) {
  std::map<size_t, size_t> counts;
  Fit fit;
  size_t faults = 0;
  while (!sample.empty() && fit.records < kRecordsMax) {
    const csv::TextRecord record = csv::ReadRecord(sample.substr(0, 1 << 16), dialect);
    // The last record of a sample may be cut; it counts only when it is all there is.
    if (!record.complete && fit.records > 0) break;
    sample.remove_prefix(std::max<size_t>(1, record.bytes));
    const bool blank = record.fields.size() == 1 && record.fields[0].text.empty();
    if (blank) continue;
    ++fit.records;
    ++counts[record.fields.size()];
    faults += record.faulty ? 1 : 0;
  }
  size_t most = 0;
  for (const auto& [fields, records] : counts) {
    if (records >= most) {
      most = records;
      fit.fields = fields;
    }
  }
  if (fit.records > 0) {
    fit.agreement = static_cast<double>(most) / static_cast<double>(fit.records);
    fit.faulty = static_cast<double>(faults) / static_cast<double>(fit.records);
  }
  return fit;
}

bool LooksLikeNumber(const std::string& text) {
  if (text.empty()) return false;
  bool digit = false;
  for (char c : text) {
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (std::string_view("+-.,:/eE% TZ").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return digit;
}

// A header has a different, non-empty word for every column and no number among them. Its first
// field may be empty: that is how an index without a name is written.
bool LooksLikeHeader(const csv::TextRecord& record, std::string* why) {
  std::set<std::string> names;
  for (const csv::TextField& field : record.fields) {
    const bool index = &field == &record.fields[0] && record.fields.size() > 1;
    if (field.text.empty() && !index) {
      *why = "the first record has an empty field";
      return false;
    }
    if (LooksLikeNumber(field.text)) {
      *why = "the first record holds numbers or dates";
      return false;
    }
    if (!names.insert(field.text).second) {
      *why = "the first record repeats a value";
      return false;
    }
  }
  *why = "the first record holds only different words";
  return true;
}

}  // namespace

SniffedCsv SniffCsv(std::string_view given, const CsvOptions& options) {
  const std::string copy(given);  // has the byte behind it that ReadRecord wants
  std::string_view sample = copy;
  SniffedCsv result;
  CsvDialect& dialect = result.dialect;
  if (sample.substr(0, 3) == "\xef\xbb\xbf") {
    dialect.bom = true;
    sample.remove_prefix(3);
    result.reasons.push_back("the file starts with a UTF-8 byte order mark");
  }
  const size_t line_feed = sample.find('\n');
  if (line_feed == std::string_view::npos && sample.find('\r') != std::string_view::npos) {
    dialect.newline = "\r";
    result.reasons.push_back("lines end with a lone carriage return");
  } else if (line_feed != std::string_view::npos && line_feed > 0 &&
             sample[line_feed - 1] == '\r') {
    dialect.newline = "\r\n";
  }
  if (options.quote) dialect.quote = *options.quote;
  dialect.escape = options.escape.value_or(dialect.quote);

  Fit best;
  if (options.delimiter) {
    dialect.delimiter = *options.delimiter;
    best = FitOf(sample, dialect);
    result.reasons.push_back("the delimiter " + Named(dialect.delimiter) + " is declared");
  } else {
    char chosen = ',';
    for (char candidate : kDelimiters) {
      if (candidate == dialect.quote) continue;
      dialect.delimiter = candidate;
      const Fit fit = FitOf(sample, dialect);
      const bool better = fit.Score() > best.Score() + 1e-9 ||
                          (fit.Score() > best.Score() - 1e-9 && fit.fields > best.fields);
      if (better) {
        best = fit;
        chosen = candidate;
      }
    }
    dialect.delimiter = best.fields > 1 ? chosen : ',';
    result.reasons.push_back(best.fields > 1
                                 ? "the delimiter " + Named(dialect.delimiter) + " gives " +
                                       std::to_string(best.fields) + " fields in most of " +
                                       std::to_string(best.records) + " records"
                                 : "no delimiter splits the records: one column");
  }
  const std::string escaped_quote = {'\\', dialect.quote};
  if (!options.escape && dialect.quote != '\0' &&
      sample.find(escaped_quote) != std::string_view::npos) {
    CsvDialect backslash = dialect;
    backslash.escape = '\\';
    const Fit fit = FitOf(sample, backslash);
    if (fit.Score() > best.Score() + 1e-9) {
      dialect.escape = '\\';
      best = fit;
      result.reasons.push_back("quotes inside quoted fields are escaped with a backslash");
    }
  }
  std::string why;
  sample.remove_prefix(csv::BlankBytes(sample, dialect));
  const csv::TextRecord first = csv::ReadRecord(sample.substr(0, 1 << 16), dialect);
  dialect.header =
      options.header ? *options.header : sample.empty() || LooksLikeHeader(first, &why);
  if (!options.header && !sample.empty()) {
    result.reasons.push_back((dialect.header ? "a header: " : "no header: ") + why);
  }
  result.confidence = best.records == 0 ? 0 : std::min(1.0, best.Score());
  return result;
}

}  // namespace millrace::io
