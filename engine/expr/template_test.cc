#include "expr/template.h"

#include <arrow/builder.h>
#include <arrow/compute/initialize.h>
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <optional>
#include <sstream>

namespace millrace::expr {
namespace {

class FixedValues : public TemplateValues {
 public:
  std::map<std::string, std::vector<std::optional<std::string>>> texts;
  Result<std::shared_ptr<arrow::Array>> Texts(const TemplateValue& value) const override {
    arrow::StringBuilder builder;
    const std::string form = value.form == TemplateValue::Form::kJson     ? "json:"
                             : value.form == TemplateValue::Form::kJoined ? value.separator + ":"
                                                                          : "";
    for (const auto& text : texts.at(value.path)) {
      ARROW_RETURN_NOT_OK(text ? builder.Append(form + *text) : builder.AppendNull());
    }
    return builder.Finish();
  }
};

std::vector<std::string> Render(const std::string& text) {
  REQUIRE(arrow::compute::Initialize().ok());
  FixedValues values;
  values.texts = {{"a", {" Ünï ", std::nullopt}}, {"doc.b", {"x.y", ""}}, {"odd name", {"1", "2"}}};
  const auto parsed = Template::Parse(text);
  REQUIRE_MESSAGE(parsed.ok(), parsed.status().message());
  const auto rendered = parsed->Render(values, 2).ValueOrDie();
  REQUIRE(rendered->null_count() == 0);
  return {rendered->GetString(0), rendered->GetString(1)};
}

using Rows = std::vector<std::string>;

TEST_CASE("a template is text with holes") {
  CHECK(Render("") == Rows{"", ""});
  CHECK(Render("no hole { or } here") == Rows{"no hole { or } here", "no hole { or } here"});
  CHECK(Render("<{{a}}>") == Rows{"< Ünï >", "<>"});
  CHECK(Render("{{ doc.b }}{{`odd name`}}") == Rows{"x.y1", "2"});
  CHECK(Render("{{ '{{' }} it{{ '''' }}s }}") == Rows{"{{ it's }}", "{{ it's }}"});
}

TEST_CASE("filters apply from left to right") {
  CHECK(Render("{{ a | trim | upper }}") == Rows{"ÜNÏ", ""});
  CHECK(Render("{{ a | trim | truncate(2) | lower }}") == Rows{"ün", ""});
  CHECK(Render("{{ a | default('none') | replace('n', 'N') }}") == Rows{" ÜNï ", "NoNe"});
  CHECK(Render("{{ doc.b | default('empty') }}") == Rows{"x.y", "empty"});
  CHECK(Render("{{ `odd name` | json | upper }}") == Rows{"JSON:1", "JSON:2"});
  CHECK(Render("{{ `odd name` | join(', ') }}") == Rows{", :1", ", :2"});
}

// The problem's message and the text it points at.
std::string Problem(const std::string& text) {
  const auto parsed = Template::Parse(text);
  REQUIRE(!parsed.ok());
  REQUIRE(CodeOf(parsed.status()) == ErrorCode::kBadExpression);
  const Diagnostic problem = DiagnosticsOf(parsed.status())[0];
  return problem.message + " @" + std::to_string(problem.span.column) + "+" +
         std::to_string(problem.span.length) +
         (problem.suggestion.empty() ? "" : " (" + problem.suggestion + ")");
}

TEST_CASE("the docs list the filters") {
  std::ifstream page(std::string(MILLRACE_SOURCE_DIR) + "/docs/prompts.md");
  std::stringstream content;
  content << page.rdbuf();
  CHECK_MESSAGE(content.str().find(TemplateFiltersMarkdown()) != std::string::npos,
                "docs/prompts.md should hold this table:\n"
                    << TemplateFiltersMarkdown());
}

TEST_CASE("an error points at the character") {
  CHECK(Problem("é {{ a | tirm }}") == "there is no filter `tirm` @10+4 (did you mean `trim`?)");
  CHECK(Problem("{{ a") == "`{{` is never closed @1+2 (a literal `{{` is {{ '{{' }})");
  CHECK(Problem("x {{ }}") == "unexpected `}`: wanted a column's name @6+1");
  CHECK(Problem("{{ a b }}") == "unexpected `b`: wanted `|` and a filter, or `}}` @6+1");
  CHECK(Problem("{{ a | truncate }}") == "unexpected `}`: wanted `truncate(n)` @17+1");
  CHECK(Problem("{{ a | truncate(x) }}") == "unexpected `x`: wanted a whole number @17+1");
  CHECK(Problem("{{ a | truncate(99999999999) }}") == "the number is too large @17+10");
  CHECK(Problem("{{ a | replace('x') }}") ==
        "unexpected `)`: wanted `,` and another argument @19+1");
  CHECK(Problem("{{ a | default(x) }}") ==
        "unexpected `x`: wanted a text in 'single quotes' @16+1");
  CHECK(Problem("{{ a | default('x }}") == "`'` is never closed @16+1");
  CHECK(Problem("{{ a | trim | json }}") == "`json` must be the first filter of a column @15+4");
  CHECK(Problem("{{ 'text' | json }}") == "`json` must be the first filter of a column @13+4");
  CHECK(Problem(std::string(kTemplateBytesMax + 1, 'x')).find("may have") != std::string::npos);
}

}  // namespace
}  // namespace millrace::expr
