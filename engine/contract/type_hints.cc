#include "contract/type_hints.h"

#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "contract/cast/text_cast.h"
#include "contract/infer.h"

namespace millrace::contract {
namespace {

using Samples = std::vector<std::shared_ptr<arrow::StringArray>>;

constexpr int kDecimalDigitsMax = 38;

struct DateFormat {
  const char* format;
  const char* why;
};
// Of those that fit, all are told: which of day and month comes first only a person knows.
constexpr DateFormat kDates[] = {
    {"%d.%m.%Y", "dates, day first"},
    {"%d/%m/%Y", "dates, day first"},
    {"%d-%m-%Y", "dates, day first"},
    {"%m/%d/%Y", "dates, month first"},
    {"%m-%d-%Y", "dates, month first"},
    {"%Y/%m/%d", "dates"},
    {"%Y.%m.%d", "dates"},
};
constexpr const char* kTimesOfDay[] = {"", " %H:%M", " %H:%M:%S"};

// Texts that many files write for no value.
const std::set<std::string_view>& NullWords() {
  static const auto* words = new std::set<std::string_view>{
      "NA",  "N/A", "n/a", "na", "NULL", "null", "Null", "None", "none",   "NaN",
      "nan", "-",   "--",  "?",  "nil",  "#N/A", "\\N",  ".",    "unknown"};
  return *words;
}

template <typename Visit>
void ForEach(const Samples& samples, const Visit& visit) {
  for (const auto& texts : samples) {
    for (int64_t row = 0; row < texts->length(); ++row) {
      if (texts->IsValid(row) && !visit(texts->GetView(row))) return;
    }
  }
}

Result<bool> FitsFormat(const Samples& samples, const std::string& type,
                        const std::string& format) {
  TextCastOptions options;
  options.formats = {format};
  ARROW_ASSIGN_OR_RAISE(const auto parsed, ParseType(type, nullptr));
  ARROW_ASSIGN_OR_RAISE(const auto cast, MakeTextCast(parsed, options));
  for (const auto& texts : samples) {
    ARROW_ASSIGN_OR_RAISE(const CastResult result, cast->Cast(texts));
    if (!result.failures.empty()) return false;
  }
  return true;
}

Status AddDates(const Samples& samples, std::vector<TypeHint>* hints) {
  for (const char* time : kTimesOfDay) {
    for (const DateFormat& date : kDates) {
      const std::string format = std::string(date.format) + time;
      const std::string type = *time == '\0' ? "date" : "timestamp[us]";
      ARROW_ASSIGN_OR_RAISE(const bool fits, FitsFormat(samples, type, format));
      if (!fits) continue;
      hints->push_back({std::string(date.why) + (*time == '\0' ? "" : ", with a time"),
                        "type: \"" + type + "\", format: \"" + format + '"'});
    }
  }
  return Status::OK();
}

// Digits with at most one point; not "007", which is no number.
bool CountDigits(std::string_view text, int* whole, int* fraction) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const size_t point = text.find('.');
  const std::string_view before = text.substr(0, point);
  const std::string_view after = point == std::string_view::npos ? "" : text.substr(point + 1);
  const auto digits = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (before.empty() || (before.size() > 1 && before[0] == '0')) return false;
  if (!digits(before) || !digits(after) || (point != std::string_view::npos && after.empty())) {
    return false;
  }
  *whole = std::max(*whole, static_cast<int>(std::min<size_t>(before.size(), 100)));
  *fraction = std::max(*fraction, static_cast<int>(std::min<size_t>(after.size(), 100)));
  return true;
}

void AddDecimal(const Samples& samples, std::vector<TypeHint>* hints) {
  int whole = 0, fraction = 0;
  bool all = true;
  ForEach(samples, [&](std::string_view text) {
    all = CountDigits(text, &whole, &fraction);
    return all;
  });
  if (!all || fraction == 0 || whole + fraction > kDecimalDigitsMax) return;
  // Room for larger numbers than were seen.
  const int precision = std::min(kDecimalDigitsMax, std::max(18, whole + fraction));
  hints->push_back({"numbers with a point", "type: \"decimal(" + std::to_string(precision) + "," +
                                                std::to_string(fraction) + ")\""});
}

void AddBools(const Samples& samples, std::vector<TypeHint>* hints) {
  static constexpr std::pair<const char*, const char*> kWords[] = {
      {"yes", "no"}, {"Yes", "No"},  {"YES", "NO"},  {"y", "n"},    {"Y", "N"},    {"t", "f"},
      {"T", "F"},    {"ja", "nein"}, {"Ja", "Nein"}, {"on", "off"}, {"oui", "non"}};
  for (const auto& words : kWords) {
    bool all = true;
    ForEach(samples, [&](std::string_view text) {
      all = text == words.first || text == words.second;
      return all;
    });
    if (!all) continue;
    hints->push_back({"yes and no", std::string("type: bool, bool_values: {\"true\": \"") +
                                        words.first + "\", \"false\": \"" + words.second + "\"}"});
    return;
  }
}

// The type that is left once words for "no value" are taken out.
Status AddNullWords(const Samples& samples, std::vector<TypeHint>* hints) {
  std::set<std::string> met;
  ForEach(samples, [&](std::string_view text) {
    if (NullWords().count(text) > 0) met.emplace(text);
    return true;
  });
  if (met.empty()) return Status::OK();
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (const auto& texts : samples) {
    arrow::StringBuilder builder;
    for (int64_t row = 0; row < texts->length(); ++row) {
      const bool null = texts->IsNull(row) || NullWords().count(texts->GetView(row)) > 0;
      ARROW_RETURN_NOT_OK(null ? builder.AppendNull() : builder.Append(texts->GetView(row)));
    }
    ARROW_ASSIGN_OR_RAISE(auto column, builder.Finish());
    batches.push_back(arrow::RecordBatch::Make(arrow::schema({arrow::field("x", arrow::utf8())}),
                                               texts->length(), {column}));
  }
  ARROW_ASSIGN_OR_RAISE(const Contract inferred, InferContract(batches));
  std::string declaration = "null_values: [";
  for (const std::string& word : met) {
    declaration += (declaration.back() == '[' ? "\"" : ", \"") +
                   (word == "\\N" ? std::string("\\\\N") : word) + '"';
  }
  declaration += ']';
  const std::string type = inferred.columns.empty() ? "string" : inferred.columns[0].type_text;
  if (type != "string") declaration = "type: \"" + type + "\", " + declaration;
  hints->push_back({"words for no value", declaration});
  return Status::OK();
}

void AddBlanks(const Samples& samples, std::vector<TypeHint>* hints) {
  bool blanks = false;
  ForEach(samples, [&](std::string_view text) {
    blanks = !text.empty() && (text.front() == ' ' || text.back() == ' ' || text.front() == '\t' ||
                               text.back() == '\t');
    return !blanks;
  });
  if (blanks) hints->push_back({"white space around values", "trim: both"});
}

}  // namespace

Result<std::vector<TypeHint>> TypeHintsOf(const Samples& samples) {
  std::vector<TypeHint> hints;
  bool any = false;
  ForEach(samples, [&](std::string_view) {
    any = true;
    return false;
  });
  if (!any) return hints;
  ARROW_RETURN_NOT_OK(AddDates(samples, &hints));
  AddDecimal(samples, &hints);
  AddBools(samples, &hints);
  ARROW_RETURN_NOT_OK(AddNullWords(samples, &hints));
  AddBlanks(samples, &hints);
  return hints;
}

}  // namespace millrace::contract
