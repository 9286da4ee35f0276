// The one table of a template's filters: the parser knows names and arguments from it, the docs
// their reference.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace millrace::expr {

struct TemplateFilter {
  enum class Apply { kToTexts, kToValue };  // kToValue: decides how the value becomes a text
  std::string_view name;
  std::string_view arguments;  // one letter each: t text, i integer
  Apply apply = Apply::kToTexts;
  std::string_view signature, description;
};

const std::vector<TemplateFilter>& TemplateFilters();
const TemplateFilter* FindTemplateFilter(std::string_view name);

/// A filter as a template uses it.
struct FilterCall {
  const TemplateFilter* filter = nullptr;
  std::vector<std::string> texts;  // its arguments, in order; integers in `number`
  int64_t number = 0;
};

/// Applies a filter of kind kToTexts to texts. Null stays null, except for `default`.
Result<std::shared_ptr<arrow::Array>> ApplyFilter(const FilterCall& call,
                                                  const std::shared_ptr<arrow::Array>& texts);

}  // namespace millrace::expr
