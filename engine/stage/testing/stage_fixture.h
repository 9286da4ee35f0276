// A stage with operators over what an ingest of line files has committed, for tests.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/reserved_columns.h"
#include "op/testing/operators.h"
#include "stage/manifest_json.h"
#include "stage/operators/operator_stage.h"
#include "stage/rows_in_place.h"
#include "stage/testing/ingest_fixture.h"

namespace millrace::stage {

using Strings = std::vector<std::string>;

/// Ingest of line files (ids and texts), and a stage over what it committed.
struct StageRun {
  explicit StageRun(const std::string& folder, const std::string& name = "workspace")
      : ingest(folder, name) {
    steps = {{"text_stats", "s", {{"field", "text"}}},
             {"derive", "half", {{"column", "half"}, {"expr", "id / 2"}}},
             {"where", "short", {{"expr", "s.bytes < 20"}}},
             {"exact_dedup", "d", {{"fields", "text"}}},
             {"where", "tag", {{"expr", "id > 2000"}, {"action", "tag"}}},
             {"unique", "u", {{"field", "half"}}},
             {"limit", "top", {{"rows", "100"}}},
             {"shuffle", "mix", {}}};
  }

  Result<Manifest> Run() {
    const auto before = ingest.progress;
    ingest.progress = nullptr;
    const auto tables = ingest.Run();
    ingest.progress = before;
    ARROW_RETURN_NOT_OK(tables.status());
    plan.pipeline = "test";
    plan.stage = "quality";
    RunContext context = ingest.Context();
    plan.inputs = {{"src", IngestFolder(ingest.plan), tables->at(0).outputs, ingest.fresh_rows,
                    OpenRowsInPlace(ingest.plan, context)}};
    plan.inputs[0].read_last = read_last;
    auto fields = contract::SchemaOf(ingest.plan.contracts[0])->fields();
    fields.push_back(arrow::field(std::string(kRowIdColumn), arrow::utf8(), false));
    ARROW_ASSIGN_OR_RAISE(plan.chain, op::testing::MakeChain(arrow::schema(fields), steps));
    plan.instance_json.assign(steps.size(), "{}");
    if (mix) ARROW_RETURN_NOT_OK(mix(&plan));
    plan.rows_per_shard = rows_per_shard;
    plan.bytes_per_shard = bytes_per_shard;
    plan.shards_multiple_of = shards_multiple_of;
    plan.split_bytes = split_bytes;
    plan.writer = ingest.plan.writer;
    context.progress = ingest.progress;
    context.attempt_event = attempt_event;
    context.arrow_copies = arrow_copies;
    if (before_stage) before_stage(tables->at(0));
    return RunOperators(plan, context);
  }

  /// What the manifest names, with the bytes.
  std::map<std::string, std::string> ManifestTree() const {
    std::map<std::string, std::string> tree;
    const std::string key = OperatorFolder(plan) + "/manifest.json";
    const std::string text = ingest.workspace->ReadSmall(key).ValueOrDie();
    tree[key] = text;
    const Manifest manifest = ManifestFromJson(text, key).ValueOrDie();
    for (const auto* files : {&manifest.outputs, &manifest.reject_files}) {
      for (const io::DataFile& file : *files) {
        const std::string path = OperatorFolder(plan) + '/' + file.path;
        tree[path] = ingest.workspace->ReadSmall(path).ValueOrDie();
      }
    }
    return tree;
  }

  Strings Column(const std::vector<io::DataFile>& files, const std::string& column) const {
    Strings values;
    for (const io::DataFile& file : files) {
      auto input =
          ingest.workspace->OpenForRead(OperatorFolder(plan) + '/' + file.path).ValueOrDie();
      auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
      const auto chunked = reader->ReadTable().ValueOrDie()->GetColumnByName(column);
      for (int64_t i = 0; i < chunked->length(); ++i) {
        values.push_back(chunked->GetScalar(i).ValueOrDie()->ToString());
      }
    }
    return values;
  }

  TestRun ingest;
  OperatorPlan plan;
  std::vector<op::testing::Step> steps;
  int64_t split_bytes = 4096;
  int64_t rows_per_shard = 60, bytes_per_shard = 0, shards_multiple_of = 0;
  bool arrow_copies = false, read_last = false;
  std::function<Status(OperatorPlan*)> mix;  // makes a mixture of the stage's inputs
  std::function<void(const Manifest& ingest)> before_stage;
  decltype(RunContext::attempt_event) attempt_event;
};

/// The stage with a filesystem that fails at operation `k` (`tear`: half-way through it), and then
/// again without a fault: the same bytes as `expected`. False when every operation has had its
/// turn, of which there are more than `operations_min`. `folder`: of a workspace of its own, that
/// outlives the run. `with_ingest`: its operations are among those that fail.
inline bool IsMadeGood(StageRun& run, const std::string& folder, int k, bool tear,
                       const std::map<std::string, std::string>& expected, int operations_min,
                       bool with_ingest = false) {
  run.ingest.limits.threads = 1;
  const auto good = run.ingest.workspace = io::MakeLocalStore(folder, true);
  if (!with_ingest) REQUIRE(run.ingest.Run().ok());
  int operations = 0;
  io::FaultPlan faults;
  faults.tear = tear;
  faults.next_operation = [&](std::string_view, const std::string&) {
    return ++operations == k ? MakeError(ErrorCode::kIoFailed, "crash") : Status::OK();
  };
  run.ingest.workspace = io::MakeFaultyStore(good, faults);
  const auto crashed = run.Run();
  const auto faulty = run.ingest.workspace;  // keeps the litter until the end
  run.ingest.workspace = good;
  if (operations < k) {  // every operation has had its turn
    CHECK(crashed.ok());
    CHECK(k > operations_min);
    return false;
  }
  // Behind the manifest only spilled files are left to be removed.
  if (crashed.ok()) CHECK(run.ManifestTree() == expected);
  REQUIRE(run.Run().ok());
  CHECK(run.ManifestTree() == expected);
  return true;
}

}  // namespace millrace::stage
