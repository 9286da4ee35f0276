// A stage over rows that stayed in their files: the invariants of stages, and the rows of one that
// reads shards.
#include <doctest/doctest.h>

#include "stage/operators/mixture_order.h"
#include "stage/testing/stage_fixture.h"

namespace millrace::stage {
namespace {

struct PlaceStage : StageRun {
  explicit PlaceStage(const std::string& folder, const std::string& name = "workspace")
      : StageRun(folder, name) {
    ingest.in_place = true;
  }
};

}  // namespace

TEST_CASE("a stage over rows in place gives the rows of one over shards") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(3, 2000));
  StageRun shards(folder.path(), "shards");
  PlaceStage in_place(folder.path(), "in place");
  // What orders rows does so by their ids, whatever their splits.
  const Manifest expected = shards.Run().ValueOrDie(), found = in_place.Run().ValueOrDie();
  for (const char* column : {"id", "text", "half", "__fdf__/row_id"}) {
    CHECK(in_place.Column(found.outputs, column) == shards.Column(expected.outputs, column));
  }
  CHECK(found.rows.rejected == expected.rows.rejected);
}

TEST_CASE("a stage over rows in place has the same bytes for any threads, memory and batches") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(7, 3000));
  std::map<std::string, std::string> expected;
  for (const int threads : {1, 2, 8}) {
    for (const bool fresh : {false, true}) {
      for (const int64_t chunk_bytes : {64, 1 << 16}) {
        PlaceStage run(folder.path(), "w" + std::to_string(threads) + (fresh ? "f" : "") +
                                          std::to_string(chunk_bytes));
        run.ingest.limits = {threads, int64_t{1} << 30};
        run.ingest.input.chunk_bytes = chunk_bytes;
        if (fresh) run.ingest.fresh_rows = std::make_shared<FreshRows>(int64_t{1} << 30);
        REQUIRE(run.Run().ok());
        const auto tree = run.ManifestTree();
        if (expected.empty()) expected = tree;
        CHECK(tree == expected);
      }
    }
  }
}

TEST_CASE("a crash at every operation, ingest in place included, is made good by running again") {
  TempFolder inputs;
  for (int i = 0; i < 3; ++i) {
    inputs.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i % 2), 12));
  }
  for (const bool tear : {false, true}) {
    TempFolder fresh_folder;
    PlaceStage fresh(inputs.path());
    fresh.ingest.workspace = io::MakeLocalStore(fresh_folder.path(), true);
    REQUIRE(fresh.Run().ok());
    const auto expected = fresh.ManifestTree();
    for (int k = 1;; ++k) {
      CAPTURE(k);
      CAPTURE(tear);
      TempFolder folder;
      PlaceStage run(inputs.path());
      if (!IsMadeGood(run, folder.path(), k, tear, expected, 30, /*with_ingest=*/true)) break;
    }
  }
}

TEST_CASE("a mixture over rows in place draws what it draws of shards") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(5, 900));
  const auto run_mixture = [&](StageRun* run) {
    run->steps = {};
    run->mix = [](OperatorPlan* plan) -> Status {
      plan->inputs.push_back(plan->inputs[0]);
      plan->inputs[1].name = "again";
      Mixture mixture;
      mixture.stop = mix::Stop::kAllExhausted;
      for (const int64_t weight : {750'000, 250'000}) {
        mixture.inputs.push_back({weight, 0, -1, -1, 3});
      }
      ARROW_RETURN_NOT_OK(OrderByRows(plan->inputs, 5, &mixture));
      plan->mixture = std::move(mixture);
      plan->rows_per_draw = 100;
      return Status::OK();
    };
    return run->Run().ValueOrDie();
  };
  StageRun shards(folder.path(), "shards");
  PlaceStage in_place(folder.path(), "in place");
  const Manifest expected = run_mixture(&shards), found = run_mixture(&in_place);
  CHECK(found.rows.repeated > 0);
  CHECK(in_place.Column(found.outputs, "__fdf__/row_id") ==
        shards.Column(expected.outputs, "__fdf__/row_id"));
}

}  // namespace millrace::stage
