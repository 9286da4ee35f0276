#include <doctest/doctest.h>

#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::MakeChain;
using testing::Rows;
using testing::TextArray;
using testing::Values;
using Strings = std::vector<std::string>;

TEST_CASE("token_count is a measure that others read") {
  const auto rows = Rows({{"t", TextArray({"one two three four", std::nullopt, "", "a"})}});
  const auto chain =
      MakeChain(rows->schema(), {{"token_count", "n", {{"field", "t"}}},
                                 {"derive", "d", {{"column", "x"}, {"expr", "n.tokens"}}}})
          .ValueOrDie();
  CHECK(Values(*Apply(*chain, rows).rows, "x") == Strings{"2", "null", "0", "1"});
}

}  // namespace
}  // namespace millrace::op
