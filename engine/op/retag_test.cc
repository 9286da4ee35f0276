#include "op/retag.h"

#include <doctest/doctest.h>

#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::IntArray;
using testing::Rows;
using testing::Step;
using testing::TextArray;
using testing::Values;

std::shared_ptr<arrow::RecordBatch> Input() {
  return Rows({{"text", TextArray({"one", "one two", std::nullopt, "one two three four", ""})},
               {"n", IntArray({1, 20, 3, std::nullopt, 5})}});
}

Step Stats() { return {"text_stats", "stats", {{"field", "text"}}}; }
Step Threshold(const std::string& id, const std::string& field, const std::string& min,
               const std::string& action = "tag") {
  return {"threshold", id, {{"field", field}, {"min", min}, {"action", action}}};
}

struct Both {
  std::shared_ptr<const Chain> before, after;
  std::vector<std::string> before_json, after_json;
  std::string Fault() const {
    return RetagFault({before.get(), &before_json}, {after.get(), &after_json});
  }
};

Both Make(const std::vector<Step>& before, const std::vector<Step>& after,
          const std::shared_ptr<arrow::Schema>& schema) {
  Both both;
  both.before = testing::MakeChain(schema, before).ValueOrDie();
  both.after = testing::MakeChain(schema, after).ValueOrDie();
  const auto json = [](const std::vector<Step>& steps) {
    std::vector<std::string> texts;
    for (const Step& step : steps) {
      std::string& text = texts.emplace_back();
      for (const auto& parameter : step.parameters) {
        text += parameter.first + '=' + parameter.second + ';';
      }
    }
    return texts;
  };
  both.before_json = json(before);
  both.after_json = json(after);
  return both;
}

TEST_CASE("rows with other thresholds are those that a fresh run gives") {
  const auto rows = Input();
  const std::vector<Step> before = {Stats(),
                                    Threshold("long", "stats.words", "2"),
                                    {"derive", "up", {{"column", "up"}, {"expr", "upper(text)"}}},
                                    Threshold("large", "n", "4")};
  for (const auto* min : {"0", "1", "3", "100"}) {
    std::vector<Step> after = before;
    after[1] = Threshold("long", "stats.words", min);
    const Both both = Make(before, after, rows->schema());
    CHECK(both.Fault().empty());
    CHECK(FirstTagging(*both.after) == 1);
    const auto old = both.before->Apply(*rows).ValueOrDie();
    const auto fresh = both.after->Apply(*rows).ValueOrDie();
    const auto retagged = Retag(*both.before, *both.after, *old.rows).ValueOrDie();
    REQUIRE(retagged.has_value());
    CHECK(retagged->rows->Equals(*fresh.rows));
    CHECK(retagged->instances[1].tagged == fresh.instances[1].tagged);
    CHECK(retagged->instances[3].tagged == fresh.instances[3].tagged);
    REQUIRE(fresh.instances[1].histograms.size() == 1);
    CHECK(retagged->instances[1].histograms[0].Bins() == fresh.instances[1].histograms[0].Bins());
  }
}

TEST_CASE("tags of a stage before stay, even of an instance of the same id") {
  const auto rows = Input();
  const auto first =
      testing::MakeChain(rows->schema(), {Threshold("large", "n", "4")}).ValueOrDie();
  const auto input = first->Apply(*rows).ValueOrDie().rows;
  const Both both =
      Make({Threshold("large", "n", "10")}, {Threshold("large", "n", "2")}, input->schema());
  const auto old = both.before->Apply(*input).ValueOrDie();
  const auto fresh = both.after->Apply(*input).ValueOrDie();
  const auto retagged = Retag(*both.before, *both.after, *old.rows).ValueOrDie();
  REQUIRE(retagged.has_value());
  CHECK(retagged->rows->Equals(*fresh.rows));
}

TEST_CASE("rows whose tags are not those of the chain are not touched") {
  const auto rows = Input();
  const Both both =
      Make({Threshold("large", "n", "10")}, {Threshold("large", "n", "2")}, rows->schema());
  const auto other =
      testing::MakeChain(rows->schema(), {Threshold("large", "n", "0")}).ValueOrDie();
  const auto wrong = other->Apply(*rows).ValueOrDie();
  CHECK_FALSE(Retag(*both.before, *both.after, *wrong.rows).ValueOrDie().has_value());
}

TEST_CASE("what more than thresholds would have to change is said") {
  const auto schema = Input()->schema();
  const auto fault = [&](const std::vector<Step>& before, const std::vector<Step>& after) {
    return Make(before, after, schema).Fault();
  };
  const Step keep = Threshold("keep", "n", "4"), less = Threshold("keep", "n", "3");
  const Step longer = {"derive", "d", {{"column", "n"}, {"expr", "n + 1"}}};
  const Step gone = {"select", "s", {{"drop", "n"}}};
  CHECK(fault({keep}, {keep}) == "nothing changed");
  CHECK(fault({keep}, {less, Stats()}) == "more than thresholds changed");
  CHECK(fault({Threshold("keep", "n", "4", "drop")}, {Threshold("keep", "n", "3", "drop")}) ==
        "`keep` is no filter with `action: tag`");
  CHECK(fault({keep, longer}, {less, longer}) == "`d` changes `n` after `keep` has read it");
  CHECK(fault({keep, gone}, {less, gone}) == "`n`, which `keep` reads, is not stored");
  CHECK(fault({longer, keep}, {longer, less}).empty());
}

}  // namespace
}  // namespace millrace::op
