// lower, substr, regex_match, ...: texts are UTF-8, and counted in code points.
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <map>
#include <set>

#include "expr/operations.h"

namespace millrace::expr {

namespace {

namespace cp = arrow::compute;

// `count` code points from the `start`th; all when count < 0.
std::string_view CodePoints(std::string_view text, int64_t start, int64_t count) {
  size_t begin = text.size(), end = text.size();
  int64_t number = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<uint8_t>(text[i]) & 0xc0) == 0x80) continue;
    ++number;
    if (number == start) begin = i;
    if (count >= 0 && begin < text.size() && number - start == count) {
      end = i;
      break;
    }
  }
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

Result<Values> Substr(const Rows& rows, const Node& node, Arguments arguments) {
  Type text, integer;
  text.kind = Kind::kText;
  integer.kind = Kind::kInt;
  ARROW_RETURN_NOT_OK(rows.To(node, text, &arguments[0]));
  for (size_t i = 1; i < arguments.size(); ++i) {
    ARROW_RETURN_NOT_OK(rows.To(node, integer, &arguments[i]));
  }
  const auto& texts = static_cast<const arrow::StringArray&>(*arguments[0].array);
  const auto& starts = static_cast<const arrow::Int64Array&>(*arguments[1].array);
  const auto* counts = arguments.size() > 2
                           ? static_cast<const arrow::Int64Array*>(arguments[2].array.get())
                           : nullptr;
  return rows.Map<arrow::StringType>(
      Union(arguments), [&](int64_t row, Errors*) -> std::optional<std::string_view> {
        if (texts.IsNull(row) || starts.IsNull(row)) return std::nullopt;
        if (counts != nullptr && counts->IsNull(row)) return std::nullopt;
        const int64_t start = std::max<int64_t>(1, starts.Value(row));
        const int64_t count = counts != nullptr ? std::max<int64_t>(0, counts->Value(row)) : -1;
        return CodePoints(texts.GetView(row), start, count);
      });
}

}  // namespace

Result<Values> EvaluateTexts(const Rows& rows, const Node& node, Arguments arguments) {
  const std::string& name = node.name;
  Type text;
  text.kind = Kind::kText;
  static const std::map<std::string, std::string> kKernels = {
      {"lower", "utf8_lower"},
      {"upper", "utf8_upper"},
      {"trim", "utf8_trim_whitespace"},
      {"ltrim", "utf8_ltrim_whitespace"},
      {"rtrim", "utf8_rtrim_whitespace"},
      {"starts_with", "starts_with"},
      {"ends_with", "ends_with"},
      {"contains", "match_substring"},
      {"regex_match", "match_substring_regex"}};
  static const std::set<std::string> kParts = {
      "regex_replace", "regex_count", "left",   "right",   "split_part",    "position",
      "lpad",          "rpad",        "repeat", "reverse", "strip_accents", "sha256"};
  if (kParts.count(name) > 0) return EvaluateTextParts(rows, node, std::move(arguments));
  if (name == "substr") return Substr(rows, node, std::move(arguments));
  if (name == "concat") {
    for (Values& values : arguments) ARROW_RETURN_NOT_OK(rows.To(node, text, &values));
    ARROW_ASSIGN_OR_RAISE(auto empty, rows.Constant(arrow::StringScalar("")));
    arguments.push_back(std::move(empty));
    return Rows::Compute("binary_join_element_wise", std::move(arguments));
  }
  ARROW_RETURN_NOT_OK(rows.To(node, text, &arguments[0]));
  std::vector<Values> subject = {std::move(arguments[0])};
  if (name == "length") {
    ARROW_ASSIGN_OR_RAISE(auto values, Rows::Compute("utf8_length", std::move(subject)));
    ARROW_RETURN_NOT_OK(cp::Cast(*values.array, arrow::int64()).Value(&values.array));
    return values;
  }
  if (name == "replace") {
    const cp::ReplaceSubstringOptions options(node.arguments[1]->literal.text,
                                              node.arguments[2]->literal.text);
    return Rows::Compute("replace_substring", std::move(subject), &options);
  }
  if (name == "regex_extract") {
    const cp::ExtractRegexOptions options(node.arguments[1]->literal.text);
    ARROW_ASSIGN_OR_RAISE(auto values,
                          Rows::Compute("extract_regex", std::move(subject), &options));
    ARROW_ASSIGN_OR_RAISE(
        values.array, static_cast<const arrow::StructArray&>(*values.array).GetFlattenedField(0));
    return values;
  }
  if (arguments.size() == 1) return Rows::Compute(kKernels.at(name), std::move(subject));
  const cp::MatchSubstringOptions options(node.arguments[1]->literal.text);
  return Rows::Compute(kKernels.at(name), std::move(subject), &options);
}

}  // namespace millrace::expr
