#include <doctest/doctest.h>

#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::Bind;
using testing::IntArray;
using testing::MakeChain;
using testing::Rows;
using testing::TextArray;
using testing::Values;
using Strings = std::vector<std::string>;

std::shared_ptr<arrow::Array> Lists() {
  auto numbers = std::make_shared<arrow::Int64Builder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), numbers);
  REQUIRE(lists.Append().ok());
  REQUIRE(numbers->AppendValues({1, 2}).ok());
  REQUIRE(lists.AppendNull().ok());
  REQUIRE(lists.Append().ok());
  return lists.Finish().ValueOrDie();
}

TEST_CASE("template fills its holes from the row") {
  const auto rows = Rows({{"name", TextArray({" Ann ", std::nullopt, "Bob"})},
                          {"age", IntArray({30, 40, std::nullopt})},
                          {"marks", Lists()}});
  const auto chain =
      MakeChain(rows->schema(),
                {{"template", "a", {{"column", "who"}, {"template", "{{ name | trim }}: {{age}}"}}},
                 {"template",
                  "b",
                  {{"column", "name"},
                   {"template",
                    "{{ name | default('?') }} {{ marks | join('+') }} {{ marks | json }}"}}}})
          .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(Values(*result.rows, "who") == Strings{"\"Ann: 30\"", "\": 40\"", "\"Bob: \""});
  CHECK(Values(*result.rows, "name") ==
        Strings{"\" Ann  1+2 [1,2]\"", "\"?  null\"", "\"Bob  []\""});
  CHECK(Values(*result.rows, "__fdf__/generated_by")[0] == "[\"a\",\"b\"]");
}

TEST_CASE("template tells what it cannot use") {
  const auto columns = arrow::schema({arrow::field("t", arrow::utf8())});
  const auto problem = [&](const std::string& column, const std::string& text) {
    return Bind("template", "x", {{"column", column}, {"template", text}}, columns)
        .status()
        .message();
  };
  CHECK(problem("c", "{{ u }}") == "there is no column `u`");
  CHECK(problem("c", "{{ t | join(',') }}").find("takes a list") != std::string::npos);
  CHECK(problem("a.b", "x").find("no dot") != std::string::npos);
  CHECK_FALSE(problem("c", "{{ t ").empty());
}

TEST_CASE("what is made of a sensitive text is sensitive") {
  const auto columns = arrow::schema(
      {arrow::field("a", arrow::utf8()), MarkSensitive(arrow::field("b", arrow::utf8()), true)});
  const auto made = [&](const std::string& text) {
    const auto bound =
        Bind("template", "x", {{"column", "c"}, {"template", text}}, columns).ValueOrDie();
    return static_cast<const Generator&>(*bound.op).writes()[0];
  };
  CHECK_FALSE(IsSensitive(*made("{{ a }}")));
  CHECK(IsSensitive(*made("{{ a }}{{ b }}")));
}

TEST_CASE("a row whose text would be too long fails before it is made") {
  const auto rows = Rows({{"t", TextArray({std::string(1 << 20, 'x'), "y"})}});
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "{{ t }}";
  const auto chain =
      MakeChain(rows->schema(), {{"template", "g", {{"column", "c"}, {"template", text}}}})
          .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(Values(*result.rows, "c") == Strings{'"' + std::string(5000, 'y') + '"'});
  CHECK(Values(*result.rejects, "rule") == Strings{"\"text.too_long\""});
}

}  // namespace
}  // namespace millrace::op
