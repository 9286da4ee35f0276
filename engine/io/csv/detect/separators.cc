#include "io/csv/detect/separators.h"

#include <algorithm>
#include <array>
#include <map>

#include "io/csv/detect/value_kind.h"

namespace millrace::io::csv {
namespace {

constexpr size_t kRecordsMax = 200;  // looked at per candidate
constexpr size_t kLinesMax = 200;
constexpr size_t kLongDelimitersMax = 8;
constexpr double kOneColumn = 0.25;  // what one column explains; two columns explain 0.5

// A colon and a blank stand in times and prose: they must explain more to be believed.
constexpr std::array<std::string_view, 10> kDelimiters = {",", ";", "\t", "|",    "^",
                                                          "~", ":", " ",  "\x1f", "\x01"};

double WeightOf(std::string_view delimiter) {
  if (delimiter == ":" || delimiter == " ") return 0.35;
  if (delimiter == "~") return 0.95;
  return 1;
}

bool IsMark(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return c > 0x1f && c < 0x7f && !letter && c != '"' && c != '\'' && c != '.' && c != '-' &&
         c != '_' && c != '(' && c != ')' && c != '\\';
}

// A minus sign belongs to a number, but for one between other marks.
bool IsLongDelimiter(std::string_view text) {
  static constexpr std::string_view kStrong = "|;,:~^#@$%&*+=<>!?";
  return IsMark(text.front()) && IsMark(text.back()) &&
         text.find_first_of(kStrong) != std::string_view::npos;
}

bool IsWord(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

// Runs of marks that most lines hold.
std::vector<std::string> LongDelimiters(const std::vector<std::string_view>& lines) {
  std::map<std::string, size_t> lines_with;
  for (size_t i = 0; i < std::min<size_t>(lines.size(), 40); ++i) {
    std::map<std::string, bool> here;
    const std::string_view line = lines[i].substr(0, 4096);
    for (size_t at = 0; at + 1 < line.size(); ++at) {
      if (!IsMark(line[at])) continue;
      for (size_t bytes = 2; bytes <= 4 && at + bytes <= line.size(); ++bytes) {
        const std::string_view text = line.substr(at, bytes);
        if (!IsMark(text.back()) && text.back() != '-') break;
        if (IsLongDelimiter(text)) here[std::string(text)] = true;
      }
    }
    for (const auto& [text, there] : here) ++lines_with[text];
  }
  const size_t least = std::max<size_t>(1, std::min<size_t>(lines.size(), 40) * 6 / 10);
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const auto& [text, count] : lines_with) {
    if (count >= least) ranked.emplace_back(count, text);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> found;
  for (const auto& [count, text] : ranked) {
    if (found.size() < kLongDelimitersMax) found.push_back(text);
  }
  return found;
}

// Those that a fair part of the lines holds.
std::vector<std::string> CandidatesIn(const std::vector<std::string_view>& lines) {
  std::vector<std::string> candidates;
  for (const std::string_view delimiter : kDelimiters) {
    size_t with = 0;
    for (const std::string_view line : lines) {
      with += line.find(delimiter) != std::string_view::npos ? 1 : 0;
    }
    if (with > 0 && with * 5 >= lines.size()) candidates.emplace_back(delimiter);
  }
  for (std::string& text : LongDelimiters(lines)) candidates.push_back(std::move(text));
  return candidates;
}

double MeanPlausibility(const std::vector<const SampleRecord*>& records, size_t fields) {
  double sum = 0;
  for (size_t column = 0; column < fields; ++column) {
    bool no_words = records.size() >= 2, always_empty = true;
    double column_sum = 0;
    for (const SampleRecord* record : records) {
      const TextField& field = record->text.fields[column];
      no_words &= !IsWord(field.text) && !field.quoted;
      always_empty &= field.text.empty();
      column_sum += Plausibility(field.text, field.quoted);
    }
    // A column without a single word, not even a name, is the sign of a cut delimiter. The last
    // one may be: some writers end every line with a delimiter.
    if (no_words) {
      sum += column + 1 == fields && always_empty ? 0.9 : -0.5;
    } else {
      sum += column_sum / static_cast<double>(records.size());
    }
  }
  return std::max(0.0, sum / static_cast<double>(fields));
}

double Split(size_t fields) {
  return fields < 2 ? kOneColumn : static_cast<double>(fields - 1) / static_cast<double>(fields);
}

bool StartsFields(const std::vector<std::string_view>& lines, std::string_view delimiter, char c) {
  const std::string inner = std::string(delimiter) + c;
  size_t with = 0;
  for (const std::string_view line : lines) {
    const bool here = (!line.empty() && line[0] == c) || line.find(inner) != std::string_view::npos;
    with += here ? 1 : 0;
  }
  return with * 5 >= lines.size() && with > 0;
}

// Cells that a reading without quotes leaves with a quote in front: do most end with one, too?
bool QuotesPair(std::string_view sample, bool whole, const CsvDialect& unquoted, char quote) {
  size_t open = 0, paired = 0;
  for (const SampleRecord& record : ReadRecords(sample, whole, unquoted, kRecordsMax)) {
    for (const TextField& field : record.text.fields) {
      if (field.text.empty() || field.text[0] != quote) continue;
      ++open;
      paired += field.text.size() > 1 && field.text.back() == quote ? 1 : 0;
    }
  }
  constexpr size_t kOpenMin = 3;  // fewer are bad rows
  return open < kOpenMin || paired * 4 >= open;
}

bool Better(const Fit& a, const Fit& b) { return a.score > b.score + 1e-9; }

void TryBackslash(std::string_view sample, bool whole, Fit* fit) {
  const std::string escaped_quote = {'\\', fit->dialect.quote};
  const bool there =
      fit->dialect.quote != '\0' && sample.find(escaped_quote) != std::string_view::npos;
  if (!there) return;
  CsvDialect backslash = fit->dialect;
  backslash.escape = '\\';
  const Fit other = FitOf(sample, whole, backslash);
  if (Better(other, *fit)) *fit = other;
}

}  // namespace

Fit FitOf(std::string_view sample, bool whole, const CsvDialect& dialect) {
  Fit fit;
  fit.dialect = dialect;
  const std::vector<SampleRecord> records = ReadRecords(sample, whole, dialect, kRecordsMax);
  std::map<size_t, std::vector<const SampleRecord*>> by_fields;
  double faults = 0;
  for (const SampleRecord& record : records) {
    if (record.blank || record.comment) continue;
    ++fit.records;
    by_fields[record.fields()].push_back(&record);
    faults += record.text.faulty || record.text.open ? 1 : 0;
  }
  if (fit.records == 0) return fit;
  double most = 0;
  for (const auto& [fields, of_fields] : by_fields) {
    const double weight = static_cast<double>(of_fields.size()) * Split(fields);
    if (weight < most) continue;
    most = weight;
    fit.fields = fields;
  }
  const auto count = static_cast<double>(fit.records);
  fit.agreement = static_cast<double>(by_fields[fit.fields].size()) / count;
  fit.faulty = std::min(1.0, faults / count);
  fit.plausible = MeanPlausibility(by_fields[fit.fields], fit.fields);
  const double weight = fit.fields > 1 ? WeightOf(dialect.delimiter) : 1;
  fit.score = fit.agreement * Split(fit.fields) * (0.3 + 0.7 * fit.plausible) * (1 - fit.faulty) *
              (1 - fit.faulty) * weight;
  return fit;
}

namespace {

std::string WithoutBlanks(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return text;
}

// Whether `part` splits records as `whole` does because it is a piece of it. Blanks are no reason:
// prose has them behind its marks.
bool IsPieceOf(const Fit& part, const Fit& whole) {
  const std::string &piece = part.dialect.delimiter, &all = whole.dialect.delimiter;
  return part.fields == whole.fields && part.agreement <= whole.agreement &&
         all.find(piece) != std::string::npos && WithoutBlanks(piece) != WithoutBlanks(all);
}

}  // namespace

SeparatorChoice ChooseSeparators(std::string_view sample, bool whole, const CsvDialect& base,
                                 const CsvOptions& options) {
  const std::vector<std::string_view> all = SplitLines(sample, base.newline, kLinesMax);
  std::vector<std::string_view> lines;
  for (const std::string_view line : all) {
    const bool comment =
        !base.comment.empty() && line.substr(0, base.comment.size()) == base.comment;
    if (!line.empty() && !comment) lines.push_back(line);
  }
  CsvDialect dialect = base;
  if (options.quote) dialect.quote = *options.quote;
  dialect.escape = options.escape.value_or(dialect.quote);
  std::vector<std::string> candidates;
  if (options.delimiter) {
    candidates = {*options.delimiter};
  } else {
    candidates = CandidatesIn(lines);
    for (const std::string_view plain : {",", ";", "\t"}) {  // at least; the first of equals wins
      if (std::find(candidates.begin(), candidates.end(), plain) == candidates.end()) {
        candidates.emplace_back(plain);
      }
    }
  }
  std::vector<Fit> fits;
  for (const std::string& candidate : candidates) {
    if (candidate.find(dialect.quote) != std::string::npos && dialect.quote != '\0') continue;
    if (!base.comment.empty() && candidate == base.comment) continue;
    dialect.delimiter = candidate;
    fits.push_back(FitOf(sample, whole, dialect));
    if (!options.escape && fits.back().faulty > 0) TryBackslash(sample, whole, &fits.back());
    const bool singles = !options.quote && StartsFields(lines, candidate, '\'');
    if (singles) {
      CsvDialect other = dialect;
      other.quote = '\'';
      other.escape = options.escape.value_or('\'');
      const Fit fit = FitOf(sample, whole, other);
      // Apostrophes read as quotes are right where they pair: that splits the records better, or
      // as well and without a fault.
      CsvDialect none = dialect;
      none.quote = '\0';
      const bool as_good = fit.score > fits.back().score - 1e-9 && fit.faulty == 0;
      if ((Better(fit, fits.back()) || as_good) && QuotesPair(sample, whole, none, '\'')) {
        fits.back() = fit;
      }
    }
  }
  SeparatorChoice choice;
  for (const Fit& fit : fits) {
    if (choice.best.records == 0 || Better(fit, choice.best)) choice.best = fit;
  }
  for (const Fit& fit : fits) {
    if (fit.dialect.delimiter == choice.best.dialect.delimiter) continue;
    if (fit.fields == 1 && choice.best.fields == 1) continue;  // the same reading
    if (IsPieceOf(fit, choice.best)) continue;
    if (Better(fit, choice.second)) choice.second = fit;
  }
  Fit& best = choice.best;
  if (fits.empty()) best.dialect = dialect;
  if (!options.quote && best.faulty > 0.5) {
    CsvDialect none = best.dialect;
    none.quote = '\0';
    none.escape = '\0';
    const Fit fit = FitOf(sample, whole, none);
    if (Better(fit, best) && !QuotesPair(sample, whole, none, best.dialect.quote)) best = fit;
  }
  return choice;
}

std::string NamedSeparator(std::string_view separator) {
  if (separator == "\t") return "a tab";
  if (separator == " ") return "a blank";
  std::string out = "`";
  for (const char c : separator) {
    const auto code = static_cast<unsigned char>(c);
    constexpr std::string_view kHex = "0123456789abcdef";
    if (code < 0x20) {
      out += std::string("\\x") + kHex[code >> 4] + kHex[code & 15];
    } else {
      out += c;
    }
  }
  return out + '`';
}

}  // namespace millrace::io::csv
