#include <doctest/doctest.h>

#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::Bind;
using testing::MakeChain;
using testing::Rows;
using testing::TextArray;
using testing::Values;
using Strings = std::vector<std::string>;

TEST_CASE("text_quality measures what where can judge by") {
  const auto rows = Rows({{"t", TextArray({"The cat sat on the mat, and that is all of it.",
                                           "buy now\nbuy now\nbuy now\nbuy now", std::nullopt})}});
  const auto chain =
      MakeChain(rows->schema(),
                {{"text_quality", "q", {{"field", "t"}}},
                 {"where", "keep", {{"expr", "q.stop_words >= 2 and q.dup_lines <= 0.3"}}}})
          .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(result.rows->num_rows() == 1);
  CHECK(Values(*result.rejects, "value") ==
        Strings{"\"q.stop_words=0, q.dup_lines=0.75\"", "\"q.stop_words=null, q.dup_lines=null\""});
}

TEST_CASE("repetition is measured where it is asked for") {
  const auto columns = arrow::schema({arrow::field("t", arrow::utf8())});
  const auto adds = [&](const char* repetition) {
    const auto bound =
        Bind("text_quality", "q", {{"field", "t"}, {"repetition", repetition}}, columns)
            .ValueOrDie();
    return static_cast<const Annotator&>(*bound.op).adds().size();
  };
  CHECK(adds("true") == 22);
  CHECK(adds("false") == 9);
}

}  // namespace
}  // namespace millrace::op
