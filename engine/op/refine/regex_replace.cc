// regex_replace: what a pattern matches, replaced.
#include <arrow/array/concatenate.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>

#include "op/operator_list.h"
#include "op/refine/text_refiner.h"
#include "op/text/pattern.h"

namespace millrace::op {
namespace {

namespace cp = arrow::compute;

constexpr size_t kReplacementBytesMax = 256;
constexpr int64_t kReferencesMax = 8;
// More is not replaced in one go: results are made of a few rows at a time.
constexpr int64_t kResultBytesMax = 128 << 20;

/// What a replacement puts in for one match.
struct Replacement {
  std::string text;
  int64_t literal_bytes = 0;
  int64_t references = 0;  // to the match or its groups

  explicit Replacement(std::string written) : text(std::move(written)) {
    for (size_t at = 0; at < text.size(); ++at) {
      if (text[at] != '\\' || at + 1 == text.size()) {
        ++literal_bytes;
      } else {
        ++at;
        const bool is_reference = text[at] >= '0' && text[at] <= '9';
        (is_reference ? references : literal_bytes) += 1;
      }
    }
  }

  /// The most that can become of a text of so many bytes, in which so many places match.
  int64_t BytesMax(int64_t bytes, int64_t matches) const {
    return bytes * (1 + references) + matches * literal_bytes;
  }
};

class ReplaceRefiner : public Refiner {
 public:
  ReplaceRefiner(const std::shared_ptr<arrow::Schema>& columns, int column,
                 const std::string& pattern, Replacement replacement)
      : Refiner({columns->field(column)->name()}, {columns->field(column)->name()}, columns),
        column_(column),
        replacement_(std::move(replacement)),
        replace_(pattern, replacement_.text),
        mark_(pattern, "\\0.") {}

  Result<Refined> Refine(const arrow::RecordBatch& rows, RowFailures* failures) const override {
    const auto before = std::static_pointer_cast<arrow::StringArray>(rows.column(column_));
    arrow::ArrayVector parts;
    int64_t begin = 0, bytes = 0;
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      const int64_t length = before->value_length(row);
      const int64_t bytes_max = replacement_.BytesMax(length, length + 1);
      if (row > begin && bytes + bytes_max > kResultBytesMax) {
        ARROW_RETURN_NOT_OK(AddPart(*before, begin, row, failures, &parts));
        begin = row;
        bytes = 0;
      }
      bytes += bytes_max;
    }
    if (begin < rows.num_rows()) {
      ARROW_RETURN_NOT_OK(AddPart(*before, begin, rows.num_rows(), failures, &parts));
    }
    Refined refined;
    arrow::ArrayVector columns = rows.columns();
    if (!parts.empty()) {
      std::shared_ptr<arrow::Array> after = parts.front();
      if (parts.size() > 1) {
        ARROW_ASSIGN_OR_RAISE(after, arrow::Concatenate(parts));
      }
      ARROW_ASSIGN_OR_RAISE(refined.changed,
                            Differing(*before, static_cast<const arrow::StringArray&>(*after)));
      if (refined.changed->true_count() > 0) columns[static_cast<size_t>(column_)] = after;
    }
    refined.rows = arrow::RecordBatch::Make(output(), rows.num_rows(), std::move(columns));
    return refined;
  }

 private:
  Status AddPart(const arrow::StringArray& texts, int64_t begin, int64_t end, RowFailures* failures,
                 arrow::ArrayVector* parts) const {
    std::shared_ptr<arrow::Array> part = texts.Slice(begin, end - begin);
    if (end == begin + 1 && !texts.IsNull(begin)) {
      // It may be a row that cannot be replaced in bounded memory.
      ARROW_ASSIGN_OR_RAISE(const bool fits, Fits(part, texts.value_length(begin)));
      if (!fits) {
        failures->push_back(TooLong(begin));
        parts->push_back(std::move(part));
        return Status::OK();
      }
    }
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum replaced,
                          cp::CallFunction("replace_substring_regex", {part}, &replace_));
    const auto after = std::static_pointer_cast<arrow::StringArray>(replaced.make_array());
    for (int64_t row = 0; row < after->length(); ++row) {
      if (static_cast<size_t>(after->value_length(row)) > kRewrittenBytesMax) {
        failures->push_back(TooLong(begin + row));
      }
    }
    parts->push_back(after);
    return Status::OK();
  }

  // A byte behind each match tells how many there are. (Arrow's kernel that counts takes what is
  // left behind a match for a text of its own, in which `^` matches again.)
  Result<bool> Fits(const std::shared_ptr<arrow::Array>& text, int64_t bytes) const {
    const auto max = static_cast<int64_t>(kRewrittenBytesMax);
    if (replacement_.BytesMax(bytes, bytes + 1) <= max) return true;
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum marked,
                          cp::CallFunction("replace_substring_regex", {text}, &mark_));
    const auto marks = std::static_pointer_cast<arrow::StringArray>(marked.make_array());
    return (marks->value_length(0) - bytes) * replacement_.literal_bytes <= max;
  }

  static Result<std::shared_ptr<arrow::BooleanArray>> Differing(const arrow::StringArray& before,
                                                                const arrow::StringArray& after) {
    arrow::BooleanBuilder changed;
    ARROW_RETURN_NOT_OK(changed.Reserve(before.length()));
    for (int64_t row = 0; row < before.length(); ++row) {
      changed.UnsafeAppend(!before.IsNull(row) && before.GetView(row) != after.GetView(row));
    }
    std::shared_ptr<arrow::BooleanArray> array;
    ARROW_RETURN_NOT_OK(changed.Finish(&array));
    return array;
  }

  int column_;
  Replacement replacement_;
  cp::ReplaceSubstringOptions replace_;
  cp::ReplaceSubstringOptions mark_;
};

// RE2 alone knows the groups of a pattern: it is asked by replacing nothing.
void CheckReplacement(const Request& request, const std::string& pattern,
                      const Replacement& replacement) {
  if (replacement.text.size() > kReplacementBytesMax || replacement.references > kReferencesMax) {
    request.Report("replacement", ErrorCode::kBadValue,
                   "a replacement has at most " + std::to_string(kReplacementBytesMax) +
                       " bytes and " + std::to_string(kReferencesMax) + " references to groups");
    return;
  }
  const cp::ReplaceSubstringOptions options(pattern, replacement.text);
  const auto tried =
      cp::CallFunction("replace_substring_regex", {arrow::Datum(std::string())}, &options);
  if (tried.ok()) return;
  std::string message = tried.status().message();
  const std::string prefix = "Invalid replacement string: ";
  if (message.rfind(prefix, 0) == 0) message.erase(0, prefix.size());
  request.Report("replacement", ErrorCode::kBadValue, "the replacement cannot be used: " + message,
                 "`\\1` is the first group, `\\0` all that matched, `\\\\` a backslash");
}

std::shared_ptr<const Operator> Make(const Request& request) {
  const int column = request.TextColumn("field");
  const std::string pattern = PatternOf(request, "pattern");
  Replacement replacement(request.parameters().Text("replacement"));
  if (!pattern.empty()) CheckReplacement(request, pattern, replacement);
  if (!request.ready()) return nullptr;
  return std::make_shared<ReplaceRefiner>(request.columns(), column, pattern,
                                          std::move(replacement));
}

}  // namespace

OperatorType RegexReplace() {
  OperatorType type;
  type.name = "regex_replace";
  type.kind = Kind::kRefiner;
  type.doc = "Replaces all that a pattern matches in a text. A text stays null where it is null.";
  type.columns_doc = "the text column that it is told to change";
  type.example =
      R"({id: gaps, type: regex_replace, field: text, pattern: "[ ]+", replacement: " "})";
  type.parameters = {
      {.key = "field",
       .type = FieldType::kText,
       .doc = "The text column to change.",
       .required = true},
      {.key = "pattern",
       .type = FieldType::kText,
       .doc =
           "What to replace, in the syntax of RE2: no look-around, no back references, and linear "
           "time. `(?i)` in front ignores case, `(?s)` lets `.` match line ends, `(?m)` lets `^` "
           "and `$` match at them.",
       .required = true},
      {.key = "replacement",
       .type = FieldType::kText,
       .doc = "What to put there: `\\0` is all that matched, `\\1` to `\\9` the groups, `\\\\` a "
              "backslash. Empty: it is removed.",
       .required = true}};
  type.make = Make;
  return type;
}

}  // namespace millrace::op
