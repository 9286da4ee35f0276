#include <doctest/doctest.h>

#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::Bind;
using testing::MakeChain;
using testing::Parameters;
using testing::Rows;
using testing::TextArray;
using testing::Texts;
using testing::Values;
using Strings = std::vector<std::string>;

ChainResult Replaced(const Texts& texts, const std::string& pattern, const std::string& with) {
  const auto rows = Rows({{"t", TextArray(texts)}});
  const auto chain =
      MakeChain(
          rows->schema(),
          {{"regex_replace", "r", {{"field", "t"}, {"pattern", pattern}, {"replacement", with}}}})
          .ValueOrDie();
  return Apply(*chain, rows);
}

std::string Problem(const std::string& pattern, const std::string& with) {
  const auto columns = arrow::schema({arrow::field("t", arrow::utf8())});
  return Bind("regex_replace", "r", {{"field", "t"}, {"pattern", pattern}, {"replacement", with}},
              columns)
      .status()
      .message();
}

TEST_CASE("regex_replace puts groups and texts where a pattern matches") {
  const ChainResult result =
      Replaced({"a1b22", std::nullopt, "none", "7"}, "([0-9])([0-9]*)", "<\\2\\1>");
  CHECK(Values(*result.rows, "t") == Strings{"\"a<1>b<22>\"", "null", "\"none\"", "\"<7>\""});
  CHECK(Values(*result.rows, "__fdf__/refined_by") == Strings{"[\"r\"]", "[]", "[]", "[\"r\"]"});
  CHECK(Values(*Replaced({"a  b", "x"}, " +", "").rows, "t") == Strings{"\"ab\"", "\"x\""});
  // A replacement that gives what was there changes nothing.
  CHECK(Replaced({"abc"}, "b", "\\0").instances[0].refined == 0);
}

TEST_CASE("empty matches fall between characters, not into them") {
  CHECK(Values(*Replaced({"\u00E9\u4E2D", ""}, "x*", "-").rows, "t") ==
        Strings{"\"-\u00E9-\u4E2D-\"", "\"-\""});
}

TEST_CASE("patterns and replacements that cannot be used are told") {
  CHECK(Problem("(a", "x").find("missing )") != std::string::npos);
  CHECK(Problem("", "x") == "the pattern is empty");
  CHECK(Problem("a", "\\1").find("the replacement cannot be used") == 0);
  CHECK(Problem("a", std::string(257, 'x')).find("at most 256 bytes") != std::string::npos);
  CHECK(Problem("a", "\\0\\0\\0\\0\\0\\0\\0\\0\\0").find("references") != std::string::npos);
  CHECK(Problem("\\C", "x").find("part of a character") != std::string::npos);
  CHECK(Problem("[a-z]\\\\C", "x").empty());
  CHECK(Problem("\\Q\\C\\E", "x").empty());
}

TEST_CASE("what would grow too long fails its row, in bounded memory") {
  const std::string large(1 << 20, 'a');
  const ChainResult result = Replaced({"a", large, "b", large + "b"}, "a", std::string(256, 'x'));
  CHECK(Values(*result.rows, "t") == Strings{'"' + std::string(256, 'x') + '"', "\"b\""});
  CHECK(Values(*result.rejects, "rule") == Strings{"\"text.too_long\"", "\"text.too_long\""});
  // Large as it is, it may have few matches.
  CHECK(Replaced({large, large, "a"}, "^a", std::string(256, 'x')).rejects == nullptr);
}

}  // namespace
}  // namespace millrace::op
