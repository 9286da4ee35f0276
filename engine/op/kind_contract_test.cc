// Operators that misbehave: the chain names them and hands none of their rows on.
#include <doctest/doctest.h>

#include <functional>

#include "op/chain.h"
#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::IntArray;
using testing::Rows;
using testing::TextArray;
using testing::Texts;

std::shared_ptr<arrow::RecordBatch> People() {
  return Rows({{"name", TextArray({"ann", "bob", "cid"})}, {"age", IntArray({30, 40, 50})}});
}

std::shared_ptr<arrow::BooleanArray> Bools(const std::vector<bool>& values) {
  arrow::BooleanBuilder builder;
  REQUIRE(builder.AppendValues(values).ok());
  return std::static_pointer_cast<arrow::BooleanArray>(builder.Finish().ValueOrDie());
}

struct BadScorer : Scorer {
  explicit BadScorer(arrow::FieldVector adds) : Scorer({}, std::move(adds)) {}
  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch&, RowFailures* out) const override {
    *out = failures;
    return columns;
  }
  arrow::ArrayVector columns;
  RowFailures failures;
};

struct BadEvaluator : Evaluator {
  explicit BadEvaluator(arrow::FieldVector adds) : Evaluator({}, std::move(adds)) {}
  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch&, RowFailures*) const override {
    return arrow::ArrayVector{};
  }
};

struct BadFilter : Filter {
  BadFilter() : Filter({}, {{"bad.rule", "", "", "because"}}) {}
  Result<Verdict> Judge(const arrow::RecordBatch&, RowFailures*) const override { return verdict; }
  Verdict verdict;
};

struct BadRefiner : Refiner {
  BadRefiner(std::vector<std::string> writes, std::shared_ptr<arrow::Schema> output)
      : Refiner({}, std::move(writes), std::move(output)) {}
  Result<Refined> Refine(const arrow::RecordBatch& rows, RowFailures*) const override {
    return refine(rows);
  }
  std::function<Refined(const arrow::RecordBatch&)> refine;
};

struct BadGenerator : Generator {
  BadGenerator(arrow::FieldVector writes, bool makes_rows)
      : Generator({}, std::move(writes), makes_rows) {}
  Result<Generated> Generate(const arrow::RecordBatch&, RowFailures* out) const override {
    *out = failures;
    return made;
  }
  Generated made;
  RowFailures failures;
};

/// What the chain says of the operator when it is bound, or when it is applied; "" when all is
/// well.
std::string Said(std::shared_ptr<const Operator> op) {
  OperatorType type;
  type.name = "bad";
  type.kind = op->kind();
  Instance instance;
  instance.id = "b";
  instance.type = &type;
  instance.op = std::move(op);
  const auto rows = People();
  const auto chain = Chain::Make(rows->schema(), {instance});
  const Status status = chain.ok() ? (*chain)->Apply(*rows).status() : chain.status();
  if (status.ok()) return "";
  CHECK(CodeOf(status) == ErrorCode::kBug);
  const std::string text = status.message();
  const std::string start = "operator `b` of type bad ";
  REQUIRE_MESSAGE(text.compare(0, start.size(), start) == 0, text);
  return text.substr(start.size());
}

std::string SaidOfScores(const arrow::FieldVector& adds, const arrow::ArrayVector& columns,
                         const RowFailures& failures = {}) {
  auto op = std::make_shared<BadScorer>(adds);
  op->columns = columns;
  op->failures = failures;
  return Said(op);
}

TEST_CASE("a score gives the columns it adds, one value per row") {
  const auto n = arrow::field("b.n", arrow::int64());
  CHECK(SaidOfScores({n}, {IntArray({1, 2, 3})}) == "");
  CHECK(SaidOfScores({n}, {IntArray({1, 2})}) == "gave a wrong column `b.n`");
  CHECK(SaidOfScores({n}, {TextArray({"1", "2", "3"})}) == "gave a wrong column `b.n`");
  CHECK(SaidOfScores({n}, {}) == "gave another number of columns than it adds");
  CHECK(SaidOfScores({arrow::field("age", arrow::int64())}, {IntArray({1, 2, 3})}) ==
        "adds `age`, which is not a name for it to give");
  CHECK(SaidOfScores({n}, {IntArray({1, 2, 3})}, {{3, "bad.row", ""}}) ==
        "failed on a row that is not there");
  CHECK(SaidOfScores({n}, {IntArray({1, 2, 3})}, {{1, "bad.row", ""}, {1, "bad.row", ""}}) ==
        "failed on a row that is not there");
  CHECK(SaidOfScores({n}, {IntArray({1, 2, 3})}, {{1, "", ""}}) == "failed without a rule");
}

TEST_CASE("an evaluator adds findings only") {
  CHECK(Said(std::make_shared<BadEvaluator>(arrow::FieldVector{arrow::field(
            "b.pass", arrow::boolean())})) == "adds `b.pass`, which is not a name for it to give");
  CHECK(Said(std::make_shared<BadEvaluator>(arrow::FieldVector{arrow::field(
            "eval.b_pass", arrow::boolean())})) == "gave another number of columns than it adds");
}

TEST_CASE("a filter judges every row, for a reason that it has") {
  const auto said = [](Verdict verdict) {
    auto op = std::make_shared<BadFilter>();
    op->verdict = std::move(verdict);
    return Said(op);
  };
  CHECK(said({Bools({true, false, true}), {}}) == "");
  CHECK(said({Bools({true, false}), {}}) == "did not judge every row");
  CHECK(said({nullptr, {}}) == "did not judge every row");
  CHECK(said({Bools({true, false, true}), {0}}) == "did not judge every row");
  CHECK(said({Bools({true, false, true}), {7, 1, 7}}) ==
        "dropped a row for a reason that it does not have");
}

std::string SaidOfRefiner(const std::vector<std::string>& writes,
                          std::shared_ptr<arrow::Schema> output,
                          std::function<Refined(const arrow::RecordBatch&)> refine) {
  auto op = std::make_shared<BadRefiner>(writes, std::move(output));
  op->refine = std::move(refine);
  return Said(op);
}

TEST_CASE("a refiner gives as many rows, and changes what it says") {
  const auto schema = People()->schema();
  const auto same = [](const arrow::RecordBatch& rows) {
    return Refined{rows.Slice(0, rows.num_rows()), nullptr};
  };
  const auto changes_age = [&](const arrow::RecordBatch& rows) {
    return Refined{rows.SetColumn(1, schema->field(1), IntArray({1, 2, 3})).ValueOrDie(), nullptr};
  };
  CHECK(SaidOfRefiner({"age"}, schema, changes_age) == "");
  CHECK(SaidOfRefiner({"name"}, schema, changes_age) == "changed the column `age`");
  CHECK(SaidOfRefiner({"name", "age"}, schema, [](const arrow::RecordBatch& rows) {
          return Refined{rows.Slice(1), nullptr};
        }) == "gave other rows than it said");
  CHECK(SaidOfRefiner({"name", "age"}, schema->RemoveField(0).ValueOrDie(), same) ==
        "gave other rows than it said");
  CHECK(SaidOfRefiner({"age"}, schema, [&](const arrow::RecordBatch& rows) {
          return Refined{changes_age(rows).rows, Bools({true})};
        }) == "did not say of every row whether it changed");
  CHECK(SaidOfRefiner({}, schema->RemoveField(2).ValueOrDie(), same) == "removes the row's id");
  CHECK(SaidOfRefiner({}, schema->SetField(1, arrow::field("age", arrow::utf8())).ValueOrDie(),
                      same) == "changes the column `age`, which it does not say that it writes");
  CHECK(SaidOfRefiner({"__fdf__/row_id"}, schema, same) ==
        "writes `__fdf__/row_id`, which is the engine's");
}

TEST_CASE("a generator's children stand in the order of their parents") {
  const auto part = arrow::field("part", arrow::utf8());
  const auto said = [&](const Texts& parts, const std::vector<std::optional<int64_t>>& parents,
                        const RowFailures& failures = {}) {
    auto op = std::make_shared<BadGenerator>(arrow::FieldVector{part}, true);
    op->made.columns = {TextArray(parts)};
    op->made.parents = std::static_pointer_cast<arrow::Int64Array>(IntArray(parents));
    op->failures = failures;
    return Said(op);
  };
  CHECK(said({"a", "b"}, {0, 2}) == "");
  CHECK(said({"a", "b"}, {2, 0}) == "made children out of the order of their rows");
  CHECK(said({"a", "b"}, {0, 3}) == "made children out of the order of their rows");
  CHECK(said({"a", "b"}, {0, std::nullopt}) == "made children of no row");
  CHECK(said({"a"}, {0, 2}) == "made a wrong column `part`");
  CHECK(said({"a", "b"}, {0, 2}, {{2, "bad.row", ""}}) == "made children of a row that failed");
  CHECK(said({"a", "b"}, {0, 2}, {{1, "bad.row", ""}}) == "");
  auto op = std::make_shared<BadGenerator>(arrow::FieldVector{part}, true);
  op->made.columns = {TextArray({"a", "b", "c"})};
  CHECK(Said(op) == "made other columns than it said");
}

}  // namespace
}  // namespace millrace::op
