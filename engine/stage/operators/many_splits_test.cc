// How long 10,000 splits keep a run from its work. Skipped: it takes minutes, and `make soak` runs
// it.
#include <doctest/doctest.h>

#include <chrono>

#include "stage/operators/operator_splits.h"
#include "stage/split.h"
#include "stage/testing/stage_fixture.h"

namespace millrace::stage {
namespace {

constexpr int kSplits = 10'000;

template <typename Work>
double SecondsOf(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("of 10,000 splits a run knows within seconds what is to do" * doctest::skip()) {
  TempFolder folder;
  for (int i = 0; i < kSplits; ++i) {
    folder.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i % 4000), 3));
  }
  StageRun run(folder.path());
  run.split_bytes = run.ingest.plan.split_bytes = 1;
  run.steps = {{"exact_dedup", "d", {{"fields", "text"}}}};
  const double first = SecondsOf([&] { REQUIRE(run.Run().ok()); });
  const auto tree = run.ManifestTree();

  const double list = SecondsOf([&] { run.ingest.List(); });
  std::vector<Split> splits;
  const double plan = SecondsOf([&] { splits = PlanSplits(run.ingest.plan).ValueOrDie(); });
  REQUIRE(splits.size() == kSplits);
  const double ingest = SecondsOf([&] { REQUIRE(run.ingest.Run().ok()); });
  std::vector<OperatorSplit> of_stage;
  const double plan_stage = SecondsOf([&] { of_stage = PlanOperatorSplits(run.plan); });
  REQUIRE(of_stage.size() > kSplits / 2);

  // The commit of some split is gone: how long until it is there again.
  std::string commit;
  const std::string commits = OperatorFolder(run.plan) + "/commits";
  for (const io::FileInfo& file : run.ingest.workspace->List(commits).ValueOrDie()) {
    const std::string text = run.ingest.workspace->ReadSmall(file.key).ValueOrDie();
    if (text.find("\"data/") != std::string::npos) commit = file.key;
  }
  REQUIRE(run.ingest.workspace->Remove(commit).ok());
  double until_work = 0;
  const auto start = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point stage_start;
  run.before_stage = [&](const Manifest&) { stage_start = std::chrono::steady_clock::now(); };
  run.attempt_event = [&](const std::string& event, const auto&) {
    if (event != "split_committed") return;
    until_work =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - stage_start).count();
  };
  REQUIRE(run.Run().ok());
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - start;
  CHECK(run.ManifestTree() == tree);
  MESSAGE("first run " << first << " s; list " << list << ", plan ingest " << plan
                       << ", ingest found committed " << ingest << ", plan stage " << plan_stage
                       << ", stage until its split is done " << until_work << ", whole second run "
                       << whole.count());
  CHECK(plan + plan_stage < 2);
  CHECK(until_work > 0);
}

}  // namespace millrace::stage
