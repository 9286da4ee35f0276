// A stage with operators as tests run it: over the ingest of lines, with operators as steps.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/reserved_columns.h"
#include "contract/features.h"
#include "op/testing/operators.h"
#include "stage/manifest_json.h"
#include "stage/operators/operator_stage.h"
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
    plan.inputs = {{"src", IngestFolder(ingest.plan), tables->at(0).outputs}};
    auto fields = contract::SchemaOf(ingest.plan.contracts[0])->fields();
    fields.push_back(arrow::field(std::string(kRowIdColumn), arrow::utf8(), false));
    ARROW_ASSIGN_OR_RAISE(plan.chain, op::testing::MakeChain(arrow::schema(fields), steps));
    plan.instance_json.assign(steps.size(), "{}");
    if (mix) ARROW_RETURN_NOT_OK(mix(&plan));
    plan.rows_per_shard = 60;
    plan.split_bytes = split_bytes;
    plan.writer = ingest.plan.writer;
    RunContext context;
    context.workspace = ingest.workspace;
    context.limits = ingest.limits;
    context.progress = ingest.progress;
    context.cancelled = ingest.cancelled;
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
  std::function<Status(OperatorPlan*)> mix;  // makes a mixture of the stage's inputs
};

}  // namespace millrace::stage
