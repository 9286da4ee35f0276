// Texts with holes over the columns of a batch: `Question: {{ doc.title | trim | default('none')
// }}`. Parsed by our own small parser, so that every error points at a character; rendered a batch
// at a time. A hole names a column, a member of a struct column, or holds a 'text' of its own, and
// passes it through filters. The language is described in docs/prompts.md.
//
// A value that is null is empty, unless the filter `default` gives it a text.
//
// Thread-safety: a Template is immutable; copies share their parts; any thread may render.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/status.h"

namespace millrace::expr {

/// A longer template is refused when parsed.
inline constexpr size_t kTemplateBytesMax = 64 << 10;

/// A value that a template reads, and the form it wants it in.
struct TemplateValue {
  enum class Form { kPlain, kJson, kJoined };
  std::string path;     // `doc.title`: a column of that name, else a member of a struct column
  bool quoted = false;  // in backticks: a column of exactly that name
  Form form = Form::kPlain;
  std::string separator;      // of kJoined: between the elements of a list
  size_t begin = 0, end = 0;  // bytes of the template, for messages
};

/// Where the values come from; the caller knows the types, the template only texts.
class TemplateValues {
 public:
  virtual ~TemplateValues() = default;
  /// One text per row, null where there is no value.
  virtual Result<std::shared_ptr<arrow::Array>> Texts(const TemplateValue& value) const = 0;
};

class Template {
 public:
  /// BadExpression: each diagnostic's span lies within `text`: line 1, column and length in code
  /// points, and an empty file name.
  static Result<Template> Parse(const std::string& text);

  const std::string& text() const;
  const std::vector<TemplateValue>& values() const;
  /// A problem with one of the values, to be shown like one that Parse found.
  Diagnostic Problem(const TemplateValue& value, std::string message,
                     std::string suggestion = "") const;

  /// One text per row, never null. Fails as `values` does, or for want of memory.
  Result<std::shared_ptr<arrow::StringArray>> Render(const TemplateValues& values,
                                                     int64_t rows) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// The table of filters in docs/prompts.md.
std::string TemplateFiltersMarkdown();

}  // namespace millrace::expr
