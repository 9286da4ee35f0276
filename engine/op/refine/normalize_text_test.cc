#include <doctest/doctest.h>

#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::Bind;
using testing::IntArray;
using testing::MakeChain;
using testing::Parameters;
using testing::Rows;
using testing::TextArray;
using testing::Texts;
using testing::Values;
using Strings = std::vector<std::string>;

std::string Normalized(const std::string& text, Parameters parameters) {
  const auto rows = Rows({{"t", TextArray({text})}});
  parameters.emplace_back("field", "t");
  const auto chain = MakeChain(rows->schema(), {{"normalize_text", "n", parameters}}).ValueOrDie();
  const auto result = Apply(*chain, rows).rows;
  return static_cast<const arrow::StringArray&>(*result->GetColumnByName("t")).GetString(0);
}

TEST_CASE("normalize_text tells the rows that it changed") {
  const auto rows =
      Rows({{"t", TextArray({"ok", "cafe\u0301", std::nullopt, "a\r\nb\x01", "", "\u00E9"})},
            {"n", IntArray({1, 2, 3, 4, 5, 6})}});
  const auto chain =
      MakeChain(rows->schema(), {{"normalize_text", "n", {{"field", "t"}}}}).ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(Values(*result.rows, "t") ==
        Strings{"\"ok\"", "\"caf\u00E9\"", "null", "\"a\\nb\"", "\"\"", "\"\u00E9\""});
  CHECK(Values(*result.rows, "__fdf__/refined_by") ==
        Strings{"[]", "[\"n\"]", "[]", "[\"n\"]", "[]", "[]"});
  CHECK(result.instances[0].refined == 2);
  CHECK(result.rows->GetColumnByName("n") == rows->GetColumnByName("n"));
}

TEST_CASE("a column without anything to change keeps its array") {
  const auto rows = Rows({{"t", TextArray({"plain", "a\tb\n", std::nullopt})}});
  const auto chain =
      MakeChain(rows->schema(), {{"normalize_text", "n", {{"field", "t"}}}}).ValueOrDie();
  CHECK(Apply(*chain, rows).rows->GetColumnByName("t") == rows->GetColumnByName("t"));
}

TEST_CASE("control characters are dropped, and carriage returns end lines") {
  CHECK(Normalized("a\x00"
                   "b\x07\x7F\u0085\u009F\uFEFF"
                   "c\td",
                   {}) == "a");
  CHECK(Normalized("b\x07\x7F\u0085\u009F\uFEFF"
                   "c\td",
                   {}) == "bc\td");
  CHECK(Normalized("a\rb\r\nc\r", {}) == "a\nb\nc\n");
  CHECK(Normalized("a\rb\x01", {{"control", "keep"}}) == "a\rb\x01");
  // What a control character kept apart is joined.
  CHECK(Normalized("e\x01\u0301", {}) == "\u00E9");
  CHECK(Normalized("\u00A0\u00AD\u00C2\u0080", {}) == "\u00A0\u00AD\u00C2");
}

TEST_CASE("white space is trimmed, tidied by lines, or collapsed") {
  const std::string text = " \u00A0a  b \t\n \u3000 c\n\n\n\nd\u2003e\n ";
  CHECK(Normalized(text, {}) == text);
  CHECK(Normalized(text, {{"whitespace", "trim"}}) == "a  b \t\n \u3000 c\n\n\n\nd\u2003e");
  CHECK(Normalized(text, {{"whitespace", "lines"}}) == "a b\nc\n\nd e");
  CHECK(Normalized(text, {{"whitespace", "collapse"}}) == "a b c d e");
  for (const char* how : {"trim", "lines", "collapse"}) {
    CHECK(Normalized(" \u3000\n", {{"whitespace", how}}).empty());
    CHECK(Normalized("", {{"whitespace", how}}).empty());
  }
}

TEST_CASE("forms and mojibake are as told") {
  CHECK(Normalized("cafe\u0301 \uFB01", {{"form", "none"}}) == "cafe\u0301 \uFB01");
  CHECK(Normalized("cafe\u0301 \uFB01", {{"form", "nfc"}}) == "caf\u00E9 \uFB01");
  CHECK(Normalized("cafe\u0301 \uFB01", {{"form", "nfkc"}}) == "caf\u00E9 fi");
  CHECK(Normalized("caf\u00C3\u00A9", {}) == "caf\u00C3\u00A9");
  CHECK(Normalized("caf\u00C3\u00A9", {{"mojibake", "repair"}}) == "caf\u00E9");
}

TEST_CASE("a text that would grow too long fails its row") {
  std::string text;
  while (text.size() < (2 << 20)) text += "\uFDFA";  // 18 characters of two bytes
  const auto rows = Rows({{"t", TextArray({"\uFB01", text})}});
  const auto chain =
      MakeChain(rows->schema(), {{"normalize_text", "n", {{"field", "t"}, {"form", "nfkc"}}}})
          .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(Values(*result.rows, "t") == Strings{"\"fi\""});
  CHECK(Values(*result.rejects, "rule") == Strings{"\"text.too_long\""});
}

TEST_CASE("normalize_text needs a text") {
  const auto columns = arrow::schema({arrow::field("n", arrow::int64())});
  CHECK(Bind("normalize_text", "x", {{"field", "n"}}, columns)
            .status()
            .message()
            .find("must be a string") != std::string::npos);
}

}  // namespace
}  // namespace millrace::op
