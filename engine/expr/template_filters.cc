#include "expr/template_filters.h"

#include <arrow/compute/api.h>

#include "expr/template.h"

namespace millrace::expr {
namespace {

namespace compute = arrow::compute;

Result<std::shared_ptr<arrow::Array>> Call(const std::string& function,
                                           const std::vector<arrow::Datum>& arguments,
                                           const compute::FunctionOptions* options = nullptr) {
  ARROW_ASSIGN_OR_RAISE(arrow::Datum result, compute::CallFunction(function, arguments, options));
  return result.make_array();
}

Result<std::shared_ptr<arrow::Array>> Default(const FilterCall& call,
                                              const std::shared_ptr<arrow::Array>& texts) {
  // An empty text is as good as none: that is what a prompt would show.
  ARROW_ASSIGN_OR_RAISE(auto empty, Call("equal", {texts, arrow::Datum(std::string())}));
  ARROW_ASSIGN_OR_RAISE(empty, Call("coalesce", {empty, arrow::Datum(true)}));
  return Call("if_else", {empty, arrow::Datum(call.texts[0]), texts});
}

}  // namespace

const std::vector<TemplateFilter>& TemplateFilters() {
  using Apply = TemplateFilter::Apply;
  static const std::vector<TemplateFilter> filters = {
      {"trim", "", Apply::kToTexts, "trim", "without white space at both ends"},
      {"lower", "", Apply::kToTexts, "lower", "in lower case"},
      {"upper", "", Apply::kToTexts, "upper", "in upper case"},
      {"truncate", "i", Apply::kToTexts, "truncate(n)", "its first n code points"},
      {"replace", "tt", Apply::kToTexts, "replace('old', 'new')", "every `old` replaced"},
      {"default", "t", Apply::kToTexts, "default('text')",
       "that text where the value is null or empty"},
      {"json", "", Apply::kToValue, "json", "the value as JSON, texts in quotes; comes first"},
      {"join", "t", Apply::kToValue, "join('separator')",
       "the elements of a list with the separator between them; comes first"},
  };
  return filters;
}

const TemplateFilter* FindTemplateFilter(std::string_view name) {
  for (const TemplateFilter& filter : TemplateFilters()) {
    if (filter.name == name) return &filter;
  }
  return nullptr;
}

std::string TemplateFiltersMarkdown() {
  std::string out = "| Filter | Gives |\n| --- | --- |\n";
  for (const TemplateFilter& filter : TemplateFilters()) {
    out +=
        "| `" + std::string(filter.signature) + "` | " + std::string(filter.description) + " |\n";
  }
  return out;
}

Result<std::shared_ptr<arrow::Array>> ApplyFilter(const FilterCall& call,
                                                  const std::shared_ptr<arrow::Array>& texts) {
  const std::string_view name = call.filter->name;
  if (name == "trim") return Call("utf8_trim_whitespace", {texts});
  if (name == "lower") return Call("utf8_lower", {texts});
  if (name == "upper") return Call("utf8_upper", {texts});
  if (name == "truncate") {
    const compute::SliceOptions options(0, call.number);
    return Call("utf8_slice_codeunits", {texts}, &options);
  }
  if (name == "replace") {
    const compute::ReplaceSubstringOptions options(call.texts[0], call.texts[1]);
    return Call("replace_substring", {texts}, &options);
  }
  MILLRACE_CHECK(name == "default");
  return Default(call, texts);
}

}  // namespace millrace::expr
