#include <doctest/doctest.h>

#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::Bind;
using testing::IntArray;
using testing::MakeChain;
using testing::Rows;
using testing::Values;
using Strings = std::vector<std::string>;

std::shared_ptr<arrow::Array> Lists() {
  auto words = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), words);
  REQUIRE(lists.Append().ok());
  REQUIRE(words->Append("a").ok());
  REQUIRE(words->AppendNull().ok());
  REQUIRE(lists.AppendNull().ok());
  REQUIRE(lists.Append().ok());
  REQUIRE(lists.Append().ok());
  REQUIRE(words->Append("b").ok());
  return lists.Finish().ValueOrDie();
}

TEST_CASE("explode replaces a row by one for each element") {
  const auto rows = Rows({{"n", IntArray({1, 2, 3, 4})}, {"tags", Lists()}});
  const auto chain = MakeChain(rows->schema(), {{"explode", "e", {{"field", "tags"}}},
                                                {"where", "w", {{"expr", "tags is not null"}}}})
                         .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(Values(*result.rows, "tags") == Strings{"\"a\"", "\"b\""});
  CHECK(Values(*result.rows, "n") == Strings{"1", "4"});
  CHECK(Values(*result.rows, "__fdf__/row_id") ==
        Strings{"\"src/file#0/e.0\"", "\"src/file#3/e.0\""});
  CHECK(result.instances[0].expanded == 4);
  CHECK(result.instances[0].derived == 5);
  CHECK(result.instances[1].dropped == 3);
}

TEST_CASE("explode needs a list, and what it takes from a sensitive one is sensitive") {
  const auto bound = [](const std::shared_ptr<arrow::Field>& field) {
    return Bind("explode", "e", {{"field", "x"}}, arrow::schema({field}));
  };
  CHECK(bound(arrow::field("x", arrow::utf8())).status().message().find("must be a list") !=
        std::string::npos);
  const auto lists = arrow::field("x", arrow::list(arrow::int64()));
  const auto made = bound(MarkSensitive(lists, /*sensitive=*/true)).ValueOrDie();
  const auto& writes = static_cast<const Generator&>(*made.op).writes();
  CHECK(writes[0]->type()->Equals(arrow::int64()));
  CHECK(IsSensitive(*writes[0]));
}

}  // namespace
}  // namespace millrace::op
