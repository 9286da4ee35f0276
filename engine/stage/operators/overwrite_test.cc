// `mode: overwrite`: a stage is built anew beside the one that is finished.
#include <doctest/doctest.h>

#include "stage/testing/stage_fixture.h"

namespace millrace::stage {
namespace {

/// What the manifest of a generation names, by its place in the stage's folder.
std::map<std::string, std::string> Generation(StageRun& run, int generation) {
  run.plan.generation = generation;
  std::map<std::string, std::string> files;
  for (const auto& [key, bytes] : run.ManifestTree()) {
    files[key.substr(OperatorFolder(run.plan).size())] = bytes;
  }
  return files;
}

int Latest(const StageRun& run, io::Store& workspace) {
  return LatestGeneration(workspace, run.plan).ValueOrDie();
}

}  // namespace

TEST_CASE("a crash at every operation while a stage is built anew leaves the old one whole") {
  TempFolder inputs;
  for (int i = 0; i < 3; ++i) {
    inputs.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i % 2), 12));
  }
  for (const bool tear : {false, true}) {
    for (int k = 1;; ++k) {
      CAPTURE(k);
      CAPTURE(tear);
      TempFolder folder;
      StageRun run(inputs.path());
      run.split_bytes = 1;
      run.ingest.limits.threads = 1;
      int next = 0;
      run.mix = [&next](OperatorPlan* plan) {
        plan->generation = next;
        return Status::OK();
      };
      const auto good = run.ingest.workspace = io::MakeLocalStore(folder.path(), true);
      REQUIRE(run.Run().ok());
      const auto expected = Generation(run, 0);
      REQUIRE(expected.size() > 3);

      next = Latest(run, *good) + 1;
      REQUIRE(next == 1);
      int operations = 0;
      io::FaultPlan faults;
      faults.tear = tear;
      bool of_stage = false;
      faults.next_operation = [&](std::string_view, const std::string&) {
        return of_stage && ++operations == k ? MakeError(ErrorCode::kIoFailed, "crash")
                                             : Status::OK();
      };
      run.before_stage = [&](const Manifest&) { of_stage = true; };
      run.ingest.workspace = io::MakeFaultyStore(good, faults);
      const auto crashed = run.Run();
      const auto faulty = run.ingest.workspace;  // keeps the litter until the end
      run.ingest.workspace = good;
      run.before_stage = nullptr;
      CHECK(Generation(run, 0) == expected);
      // Half of a generation is none; one that is finished is whole.
      const int latest = Latest(run, *good);
      REQUIRE((latest == 0 || latest == 1));
      if (latest == 1) CHECK(Generation(run, 1) == expected);
      if (operations < k) {  // every operation has had its turn
        CHECK(crashed.ok());
        CHECK(latest == 1);
        CHECK(k > 20);
        break;
      }
      next = latest + 1;
      REQUIRE(run.Run().ok());
      CHECK(Latest(run, *good) == next);
      CHECK(Generation(run, next) == expected);
    }
  }
}

TEST_CASE("what was begun of a generation is gone on with") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(8, 500));
  StageRun run(folder.path());
  run.split_bytes = 1;
  int next = 0;
  run.mix = [&next](OperatorPlan* plan) {
    plan->generation = next;
    return Status::OK();
  };
  REQUIRE(run.Run().ok());
  const auto expected = Generation(run, 0);
  next = 1;
  Progress anew;
  run.ingest.progress = &anew;
  REQUIRE(run.Run().ok());
  CHECK(anew.splits_skipped == 0);
  CHECK(anew.splits_total > 3);
  run.plan.generation = 1;
  REQUIRE(run.ingest.workspace->Remove(OperatorFolder(run.plan) + "/manifest.json").ok());
  CHECK(Latest(run, *run.ingest.workspace) == 0);
  Progress again;
  run.ingest.progress = &again;
  REQUIRE(run.Run().ok());
  CHECK(again.splits_skipped == again.splits_total);
  CHECK(Generation(run, 1) == expected);
}

}  // namespace millrace::stage
