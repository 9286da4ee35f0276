#include "stage/operators/mixture_order.h"

#include <arrow/json/from_string.h>
#include <doctest/doctest.h>

#include <numeric>

#include "stage/operators/amounts.h"
#include "stage/testing/stage_fixture.h"

namespace millrace::stage {
namespace {

using Unit = Mixture::Unit;

/// The shards of the input as two inputs, by turns.
void DivideInTwo(OperatorPlan* plan) {
  const StageInput whole = plan->inputs.at(0);
  plan->inputs = {{"a", whole.folder, {}}, {"b", whole.folder, {}}};
  for (size_t i = 0; i < whole.shards.size(); ++i) {
    plan->inputs[i % 2].shards.push_back(whole.shards[i]);
  }
}

struct MixtureRun {
  MixtureRun(const TempFolder& folder, Unit unit, mix::Stop stop,
             const std::string& name = "workspace")
      : stage(folder.path(), name) {
    stage.steps = {};
    mixture.unit = unit;
    mixture.stop = stop;
    if (unit == Unit::kTokens) mixture.tokens = "length(text)";
    if (unit == Unit::kImages) mixture.images = "length(text) % 4";
    const int64_t epochs = stop == mix::Stop::kAllExhausted ? 3 : 1;
    mixture.inputs = {{2 * kWeightUnit, 0, -1, -1, epochs}, {kWeightUnit, 0, -1, -1, epochs}};
    stage.mix = [this](OperatorPlan* plan) {
      DivideInTwo(plan);
      plan->mixture = mixture;
      plan->rows_per_draw = 100;
      return Status::OK();
    };
  }

  Mixture mixture;
  StageRun stage;
};

/// Of the rows of a stage: the input they came from, and their units.
struct DrawnRow {
  std::string id;
  int64_t units = 0;
};
int64_t UnitsOf(const std::string& text, Unit unit) {
  const int64_t length = text == "null" ? 0 : static_cast<int64_t>(text.size());
  if (unit == Unit::kBytes) return 8 + 4 + length;
  return std::max<int64_t>(1, unit == Unit::kImages ? length % 4 : length);
}
std::vector<DrawnRow> RowsOf(const StageRun& run, const std::vector<io::DataFile>& files,
                             Unit unit) {
  const Strings ids = run.Column(files, "__fdf__/row_id"), texts = run.Column(files, "text");
  std::vector<DrawnRow> rows;
  for (size_t i = 0; i < ids.size(); ++i) rows.push_back({ids[i], UnitsOf(texts[i], unit)});
  return rows;
}

/// What an input holds, by a stage that hands it on.
std::vector<DrawnRow> InputRows(const TempFolder& folder, size_t input, Unit unit) {
  StageRun plain(folder.path(), "plain" + std::to_string(input));
  plain.steps = {};
  plain.mix = [input](OperatorPlan* plan) {
    DivideInTwo(plan);
    plan->inputs = {plan->inputs[input]};
    return Status::OK();
  };
  const Manifest manifest = plain.Run().ValueOrDie();
  return RowsOf(plain, manifest.outputs, unit);
}

int64_t Sum(const std::vector<DrawnRow>& rows) {
  int64_t sum = 0;
  for (const DrawnRow& row : rows) sum += row.units;
  return sum;
}

TEST_CASE(
    "a mixture by bytes, tokens or images gives each input its share within a row in every block") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(4, 1500));
  for (const Unit unit : {Unit::kBytes, Unit::kTokens, Unit::kImages}) {
    const std::vector<std::vector<DrawnRow>> rows = {InputRows(folder, 0, unit),
                                                     InputRows(folder, 1, unit)};
    for (const mix::Stop stop : {mix::Stop::kFirstExhausted, mix::Stop::kAllExhausted,
                                 mix::Stop::kAllExhaustedWithoutReplacement}) {
      CAPTURE(static_cast<int>(unit));
      CAPTURE(static_cast<int>(stop));
      MixtureRun run(folder, unit, stop,
                     "w" + std::to_string(static_cast<int>(unit) * 3 + static_cast<int>(stop)));
      const Manifest manifest = run.stage.Run().ValueOrDie();
      CHECK(manifest.rows.holds());
      const Mixture& mixture = run.mixture;
      const mix::Schedule units =
          mix::Schedule::Make(
              {{mixture.inputs[0].weight, Sum(rows[0]), mixture.inputs[0].epochs_max},
               {mixture.inputs[1].weight, Sum(rows[1]), mixture.inputs[1].epochs_max}},
              stop, {}, run.stage.plan.seed)
              .ValueOrDie();
      const int64_t block = unit == Unit::kBytes ? 800 : unit == Unit::kTokens ? 200 : 16;
      const std::vector<DrawnRow> drawn = RowsOf(run.stage, manifest.outputs, unit);
      // Each input in its order, epoch after epoch.
      std::vector<size_t> next(2);
      std::vector<int64_t> sums(2);
      size_t at = 0;
      for (int64_t end = block; at < drawn.size(); end += block) {
        end = std::min(end, units.rows());
        // The rows of a block, in whatever order: until each input has what is due.
        std::vector<int64_t> due = {units.DrawnBefore(0, end), units.DrawnBefore(1, end)};
        for (; at < drawn.size() && (sums[0] < due[0] || sums[1] < due[1]); ++at) {
          const std::string id = drawn[at].id.substr(0, drawn[at].id.find('@'));
          const size_t input = id == rows[0][next[0] % rows[0].size()].id ? 0 : 1;
          REQUIRE(id == rows[input][next[input] % rows[input].size()].id);
          CHECK(sums[input] < due[input]);  // a row begins in its block
          sums[input] += drawn[at].units;
          ++next[input];
        }
        if (end == units.rows()) break;
      }
      CHECK(at == drawn.size());
      for (size_t i = 0; i < 2; ++i) {
        CHECK(sums[i] >= units.DrawnBefore(i, units.rows()));
        CHECK(manifest.mixture[i].drawn == static_cast<int64_t>(next[i]));
        if (unit == Unit::kBytes) CHECK(manifest.mixture[i].bytes == sums[i]);
        if (unit == Unit::kImages) CHECK(manifest.mixture[i].images <= sums[i]);
      }
      if (stop == mix::Stop::kAllExhaustedWithoutReplacement) {
        CHECK(next[0] == rows[0].size());
        CHECK(next[1] == rows[1].size());
      }
    }
  }
}

TEST_CASE("a cap of bytes takes the first rows that have no more together") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(4, 700));
  const auto rows = InputRows(folder, 0, Unit::kBytes);
  for (const int64_t cap : {int64_t{0}, int64_t{11}, int64_t{3000}, Sum(rows) - 1, Sum(rows)}) {
    CAPTURE(cap);
    MixtureRun run(folder, Unit::kRows, mix::Stop::kAllExhaustedWithoutReplacement,
                   "w" + std::to_string(cap));
    run.mixture.inputs[0].bytes_max = cap;
    const Manifest manifest = run.stage.Run().ValueOrDie();
    int64_t sum = 0, expected = 0;
    for (const DrawnRow& row : rows) {
      sum += row.units;
      if (sum > cap) break;
      ++expected;
    }
    CHECK(manifest.mixture[0].available == expected);
    CHECK(manifest.mixture[0].drawn == expected);
    CHECK(manifest.rows.holds());
  }
}

TEST_CASE("a mixture by tokens has the same bytes for any threads and memory") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(9, 1500));
  std::map<std::string, std::string> expected;
  for (const int threads : {1, 2, 4, 8}) {
    MixtureRun run(folder, Unit::kTokens, mix::Stop::kAllExhausted, "w" + std::to_string(threads));
    run.stage.ingest.limits = {threads, threads == 2 ? int64_t{192} << 20 : int64_t{2} << 30};
    REQUIRE(run.stage.Run().ok());
    const auto tree = run.stage.ManifestTree();
    if (expected.empty()) expected = tree;
    CHECK(tree == expected);
  }
}

TEST_CASE("any sequence of runs of a mixture by bytes ends in the bytes of a fresh workspace") {
  const uint64_t seed = 20261129;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  TempFolder folder;
  const mix::Stop stop = mix::Stop::kAllExhaustedWithoutReplacement;
  MixtureRun run(folder, Unit::kBytes, stop);
  for (int step = 0; step < 10; ++step) {
    folder.Write("in/f" + std::to_string(random() % 6), RandomLines(random() % 6, 150));
    if (step % 3 == 2) REQUIRE(run.stage.Run().ok());
  }
  REQUIRE(run.stage.Run().ok());
  Progress progress;
  run.stage.ingest.progress = &progress;
  REQUIRE(run.stage.Run().ok());
  CHECK(progress.splits_skipped == progress.splits_total);
  MixtureRun fresh(folder, Unit::kBytes, stop, "fresh");
  REQUIRE(fresh.stage.Run().ok());
  CHECK(run.stage.ManifestTree() == fresh.stage.ManifestTree());
}

TEST_CASE("a crash of a mixture by tokens at every operation is made good by running again") {
  TempFolder inputs;
  for (int i = 0; i < 3; ++i) {
    inputs.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i), 30));
  }
  const mix::Stop stop = mix::Stop::kFirstExhausted;
  MixtureRun fresh(inputs, Unit::kTokens, stop, "fresh");
  REQUIRE(fresh.stage.Run().ok());
  const auto expected = fresh.stage.ManifestTree();
  for (const bool tear : {false, true}) {
    for (int k = 1;; ++k) {
      CAPTURE(k);
      CAPTURE(tear);
      TempFolder folder;
      MixtureRun run(inputs, Unit::kTokens, stop);
      if (!IsMadeGood(run.stage, folder.path(), k, tear, expected, 15)) break;
    }
  }
}

TEST_CASE("what a mixture asks for tells it apart, and takes part in the run's identity") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(4, 200));
  MixtureRun run(folder, Unit::kRows, mix::Stop::kFirstExhausted);
  const Manifest one = run.stage.Run().ValueOrDie();
  run.mixture.inputs[1].weight = 3 * kWeightUnit;
  const Manifest other = run.stage.Run().ValueOrDie();
  CHECK(one.stage_key == other.stage_key);
  CHECK(one.draws != other.draws);
  CHECK(one.run_id != other.run_id);
  run.mixture.inputs[1].weight = kWeightUnit;
  CHECK(run.stage.Run().ValueOrDie().run_id == one.run_id);
}

TEST_CASE("images of a row are those that are there, in a column or a list of them") {
  const auto count = [](const std::shared_ptr<arrow::Array>& column, const std::string& images) {
    const auto rows = arrow::RecordBatch::Make(
        arrow::schema({arrow::field("image", column->type())}), column->length(), {column});
    return ImagesOfRows(*rows, images).ValueOrDie();
  };
  using Counts = std::vector<int64_t>;
  const auto bytes =
      arrow::json::ArrayFromJSONString(arrow::binary(), R"(["a", null, ""])").ValueOrDie();
  CHECK(count(bytes, "image") == Counts{1, 0, 1});
  const auto numbers = arrow::json::ArrayFromJSONString(arrow::int64(), "[2, null, -1]");
  CHECK(count(numbers.ValueOrDie(), "image + 1") == Counts{3, 0, 0});
  const auto stored =
      arrow::struct_({arrow::field("bytes", arrow::binary()), arrow::field("path", arrow::utf8())});
  const auto pictures =
      arrow::json::ArrayFromJSONString(stored, R"([["a", "x"], [null, "y"], null])").ValueOrDie();
  CHECK(count(pictures, "image") == Counts{1, 0, 0});
  const auto lists =
      arrow::json::ArrayFromJSONString(
          arrow::list(stored), R"([[["a", "x"], [null, "y"], null, ["b", null]], null, []])")
          .ValueOrDie();
  CHECK(count(lists, "image") == Counts{2, 0, 0});
  CHECK(HoldsImages(*arrow::list(arrow::binary())));
  CHECK_FALSE(HoldsImages(*arrow::utf8()));
}

TEST_CASE("shares are held against what a curriculum asks for, step by step") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(3, 1200));
  MixtureRun run(folder, Unit::kRows, mix::Stop::kFirstExhausted);
  run.mixture.changes = {{100, {kWeightUnit, 3 * kWeightUnit}}};
  run.stage.mix = [&run](OperatorPlan* plan) {
    DivideInTwo(plan);
    plan->mixture = run.mixture;
    plan->rows_per_draw = 100;
    return OrderByRows(plan->inputs, plan->seed, &*plan->mixture);
  };
  const Manifest manifest = run.stage.Run().ValueOrDie();
  const double drawn = static_cast<double>(manifest.rows.written);
  REQUIRE(drawn > 200);
  const double asked = (100 * 2.0 / 3 + (drawn - 100) / 4) / drawn;
  CHECK(manifest.mixture[0].asked == doctest::Approx(asked).epsilon(1e-5));
  CHECK(manifest.mixture[0].asked + manifest.mixture[1].asked == doctest::Approx(1));
  const auto shares = SharesOf(manifest.mixture);
  CHECK(shares[0].asked == doctest::Approx(asked).epsilon(1e-5));
  CHECK(shares[0].rows == doctest::Approx(asked).epsilon(0.01));
  // As it is read again.
  const std::string key = OperatorFolder(run.stage.plan) + "/manifest.json";
  const std::string text = run.stage.ingest.workspace->ReadSmall(key).ValueOrDie();
  CHECK(SharesOf(ManifestFromJson(text, key).ValueOrDie().mixture)[0].asked == shares[0].asked);
}

TEST_CASE("the latest generation of a stage is the last one that was finished") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(4, 200));
  MixtureRun run(folder, Unit::kRows, mix::Stop::kFirstExhausted);
  const Manifest first = run.stage.Run().ValueOrDie();
  OperatorPlan plan = run.stage.plan;
  io::Store& store = *run.stage.ingest.workspace;
  CHECK(LatestGeneration(store, plan).ValueOrDie() == 0);
  plan.generation = 3;
  const std::string folder_of = OperatorFolder(plan);
  CHECK(folder_of.substr(folder_of.size() - 2) == ".3");
  REQUIRE(store.Replace(folder_of + "/commits/x.json", "{}").ok());
  CHECK(LatestGeneration(store, plan).ValueOrDie() == 0);
  RunContext context;
  context.workspace = run.stage.ingest.workspace;
  context.limits = run.stage.ingest.limits;
  const Manifest again = RunOperators(plan, context).ValueOrDie();
  CHECK(ManifestToJson(again) == ManifestToJson(first));
  CHECK(LatestGeneration(store, plan).ValueOrDie() == 3);
  plan.stage = "other";
  CHECK(LatestGeneration(store, plan).ValueOrDie() == -1);
}

}  // namespace
}  // namespace millrace::stage
