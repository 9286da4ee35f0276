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

TEST_CASE("a rule passes, fails, cannot tell, or cannot be computed") {
  const auto rows = Rows({{"n", TextArray({"5", "50", std::nullopt, "many"})}});
  const auto chain =
      MakeChain(rows->schema(),
                {{"eval_rule", "big", {{"expr", "int64(n) > 9"}, {"message", "too small"}}},
                 {"eval_rule", "plain", {{"expr", "n != '5'"}}}})
          .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(result.rejects == nullptr);
  CHECK(Values(*result.rows, "__fdf__/eval_big_pass") == Strings{"false", "true", "null", "false"});
  const Strings messages = Values(*result.rows, "__fdf__/eval_big_message");
  CHECK(messages[0] == "\"too small\"");
  CHECK(messages[1] == "null");
  CHECK(messages[2] == "null");
  CHECK(messages[3].find("int64(n)") != std::string::npos);
  CHECK(messages[3].find("many") == std::string::npos);
  CHECK(Values(*result.rows, "__fdf__/eval_plain_message")[0] == "\"not true: n != '5'\"");
  // A later stage reads the finding by its working name.
  const auto next = MakeChain(chain->stored(), {{"where", "w", {{"expr", "eval.big_pass"}}}});
  REQUIRE(next.ok());
  CHECK(Apply(**next, result.rows).rows->num_rows() == 1);
}

TEST_CASE("labels agree or not") {
  const auto rows = Rows({{"a", TextArray({"x", "x", "x ", std::nullopt, std::nullopt})},
                          {"b", TextArray({"x", "y", "X", "x", "y"})},
                          {"c", TextArray({"x", "x", " x", "x", "z"})},
                          {"n", IntArray({1, 2, 3, 4, 5})}});
  const auto agree = [&](const testing::Parameters& parameters) {
    const auto chain = MakeChain(rows->schema(), {{"eval_agreement", "e", parameters}});
    REQUIRE_MESSAGE(chain.ok(), chain.status().ToString());
    return Values(*Apply(**chain, rows).rows, "__fdf__/eval_e_agree");
  };
  CHECK(agree({{"fields", "a, b"}}) == Strings{"true", "false", "false", "null", "null"});
  CHECK(agree({{"fields", "a, b"}, {"normalize", "true"}}) ==
        Strings{"true", "false", "true", "null", "null"});
  CHECK(agree({{"fields", "b, c, a"}}) == Strings{"true", "false", "false", "null", "false"});
  const auto fault = [&](const testing::Parameters& parameters) {
    return Bind("eval_agreement", "e", parameters, rows->schema()).status().message();
  };
  CHECK(fault({{"fields", "a, n"}}) == "`n` is int64, but `a` is string");
  CHECK(fault({{"fields", "n, n"}, {"normalize", "true"}}).find("only texts can be normalized") !=
        std::string::npos);
  CHECK(fault({{"fields", "a, q"}}) == "no column `q` reaches this operator");
}

}  // namespace
}  // namespace millrace::op
