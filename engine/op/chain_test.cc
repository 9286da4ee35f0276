#include "op/chain.h"

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

std::shared_ptr<arrow::RecordBatch> People() {
  return Rows({{"name", TextArray({"ann", "bob", std::nullopt, "dan"})},
               {"age", IntArray({30, 40, 50, std::nullopt})}});
}

TEST_CASE("where keeps rows and says why it drops the others") {
  const auto rows = People();
  const auto chain =
      MakeChain(rows->schema(), {{"where", "adult", {{"expr", "age > 35"}}}}).ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(Values(*result.rows, "name") == Strings{"\"bob\"", "null"});
  REQUIRE(result.rejects != nullptr);
  CHECK(Values(*result.rejects, "rule") == Strings{"\"where.false\"", "\"where.null\""});
  CHECK(Values(*result.rejects, "value") == Strings{"\"age=30\"", "\"age=null\""});
  CHECK(Values(*result.rejects, "threshold")[0] == "\"age > 35\"");
  CHECK(Values(*result.rejects, "__fdf__/row_id")[1] == "\"src/file#3\"");
  CHECK(result.instances[0].reached == 4);
  CHECK(result.instances[0].dropped == 2);
  CHECK(result.instances[0].reasons.at({"src", "where.null", ""}) == 1);
}

TEST_CASE("a filter that tags keeps the row and names itself") {
  const auto rows = People();
  const auto chain =
      MakeChain(rows->schema(), {{"where", "old", {{"expr", "age > 35"}, {"action", "tag"}}},
                                 {"where", "b", {{"expr", "name = 'bob'"}, {"action", "tag"}}}})
          .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(result.rejects == nullptr);
  CHECK(Values(*result.rows, "__fdf__/tags") ==
        Strings{"[\"old\",\"b\"]", "[]", "[\"b\"]", "[\"old\",\"b\"]"});
  CHECK(result.instances[0].tagged == 2);
}

TEST_CASE("a count keeps no rejects, but counts them") {
  const auto rows = People();
  const auto chain =
      MakeChain(rows->schema(), {{"where", "w", {{"expr", "age > 35"}, {"rejects", "count"}}}})
          .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(result.rejects == nullptr);
  CHECK(result.instances[0].dropped == 2);
}

TEST_CASE("derive changes values, adds columns and rejects what it cannot compute") {
  const auto rows = Rows({{"n", TextArray({"1", "x", "3"})}});
  const auto chain =
      MakeChain(rows->schema(), {{"derive", "num", {{"column", "v"}, {"expr", "int64(n) * 2"}}},
                                 {"derive", "up", {{"column", "n"}, {"expr", "n || n"}}}})
          .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(Values(*result.rows, "v") == Strings{"2", "6"});
  CHECK(Values(*result.rows, "n") == Strings{"\"11\"", "\"33\""});
  CHECK(Values(*result.rows, "__fdf__/refined_by") == Strings{"[\"up\"]", "[\"up\"]"});
  CHECK(Values(*result.rejects, "rule") == Strings{"\"expr.cast\""});
  CHECK(Values(*result.rejects, "instance") == Strings{"\"num\""});
  CHECK(result.rows->schema()->field_names() ==
        Strings{"n", "v", "__fdf__/row_id", "__fdf__/refined_by"});
}

TEST_CASE("measures are columns for what comes later and a struct in what is stored") {
  const auto rows = Rows({{"text", TextArray({"one two", "", std::nullopt})}});
  const auto chain = MakeChain(rows->schema(), {{"text_stats", "s", {{"field", "text"}}},
                                                {"where", "w", {{"expr", "s.words >= 0"}}},
                                                {"select", "none", {{"drop", "text"}}}})
                         .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(result.rows->schema()->field_names() ==
        Strings{"__fdf__/row_id", "__fdf__/scores", "__fdf__/refined_by"});
  CHECK(Values(*result.rows, "__fdf__/scores")[0].find("\"words\":2") != std::string::npos);
  CHECK(Values(*result.rejects, "__fdf__/scores")[0].find("\"words\":null") != std::string::npos);
  // A later stage reads them by the same name.
  const auto next = MakeChain(chain->stored(), {{"where", "x", {{"expr", "s.words = 2"}}}});
  REQUIRE(next.ok());
  CHECK(Apply(**next, result.rows).rows->num_rows() == 1);
}

TEST_CASE("rejects stand in the order of the rows, whoever dropped them") {
  const auto rows = Rows({{"n", IntArray({1, 2, 3, 4, 5, 6})}});
  const auto chain = MakeChain(rows->schema(), {{"where", "a", {{"expr", "n != 4"}}},
                                                {"where", "b", {{"expr", "n > 2"}}},
                                                {"where", "c", {{"expr", "n < 6"}}}})
                         .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(Values(*result.rejects, "position") == Strings{"0", "1", "3", "5"});
  CHECK(Values(*result.rejects, "instance") == Strings{"\"b\"", "\"b\"", "\"a\"", "\"c\""});
  CHECK(Values(*result.rows, "n") == Strings{"3", "5"});
}

TEST_CASE("rename and select keep what the engine knows of a row") {
  const auto rows = People();
  const auto chain = MakeChain(rows->schema(), {{"rename", "r", {{"columns", "name: who"}}},
                                                {"select", "s", {{"columns", "who"}}}})
                         .ValueOrDie();
  const ChainResult result = Apply(*chain, rows);
  CHECK(result.rows->schema()->field_names() ==
        Strings{"who", "__fdf__/row_id", "__fdf__/refined_by"});
}

TEST_CASE("what cannot be bound is told at once") {
  const auto columns = arrow::schema({arrow::field("text", arrow::utf8())});
  CHECK(Bind("text_stats", "s", {{"field", "txet"}}, columns).status().message() ==
        "no column `txet` reaches this operator");
  CHECK(Bind("where", "w", {{"expr", "length(text)"}}, columns).status().message() ==
        "the expression must be true or false, but is int64");
  CHECK(
      Bind("rename", "r", {{"columns", "text: a.b"}}, columns).status().message().find("no dot") !=
      std::string::npos);
  CHECK_FALSE(Bind("select", "s", {}, columns).ok());
}

}  // namespace
}  // namespace millrace::op
