// The rows of an opened run's stages, and the rows that did not come through.
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <map>

#include "contract/features.h"
#include "pipeline/stage_plans.h"
#include "pipeline/table_contracts.h"
#include "pipeline/workspace/committed_rows.h"
#include "pipeline/workspace/finished_run.h"
#include "pipeline/workspace/run_report.h"
#include "stage/operators/operator_rejects.h"
#include "stage/reject_writer.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

Result<const Json*> StageOf(const FinishedRun::Parts& parts, const std::string& name) {
  static const Json none = Json::array();
  const Json& stages = parts.report.contains("stages") ? parts.report.at("stages") : none;
  for (const Json& stage : stages) {
    if (stage.at("stage") == name) return &stage;
  }
  return MakeError(
      ErrorCode::kUnknownReference, "the run has no stage `" + name + "`",
      stages.empty() ? "it has none behind ingest" : "its stages are " + NamesOf(stages, "stage"));
}

// As the run bound it, where contracts or datasets say what the columns are.
Result<std::shared_ptr<const op::Chain>> ChainOf(const FinishedRun::Parts& parts,
                                                 const std::string& name) {
  const Status unknown = MakeError(
      ErrorCode::kBadValue, "the stage has no such rows, and nothing says what their columns are",
      "declare the contract in the config");
  if (!parts.config) return unknown;
  const auto tables = KnownContracts(*parts.config);
  if (!tables.ok()) return unknown;
  ARROW_ASSIGN_OR_RAISE(const auto chains, BindStages(*parts.config, *tables));
  for (size_t i = 0; i < chains.size(); ++i) {
    if (parts.config->stages[i].name != name) continue;
    if (chains[i].chain == nullptr) return unknown;  // a plug-in would have to be asked
    return chains[i].chain;
  }
  return unknown;
}

Result<exporting::ExportInput> RowsOfStage(const FinishedRun::Parts& parts,
                                           const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const Json* stage, StageOf(parts, name));
  exporting::ExportInput input;
  input.store = parts.workspace;
  input.shards = FilesOf(*stage, "outputs");
  if (!input.shards.empty()) return input;
  ARROW_ASSIGN_OR_RAISE(const auto chain, ChainOf(parts, name));
  input.schema = contract::WithFeatures(chain->stored());
  return input;
}

Result<exporting::ExportInput> RejectsOf(const FinishedRun::Parts& parts, const std::string& stage,
                                         const std::string& table) {
  exporting::ExportInput input;
  input.store = parts.workspace;
  if (stage == "ingest") {
    ARROW_ASSIGN_OR_RAISE(const Json* reported, TableOf(parts.report, table));
    input.shards = FilesOf(*reported, "reject_files");
    if (!input.shards.empty()) return input;
    bool sensitive = false;
    for (const Json& column : reported->at("columns")) {
      sensitive |= column.value("sensitive", false);
    }
    input.schema = stage::RejectSchema(sensitive);
    return input;
  }
  ARROW_ASSIGN_OR_RAISE(const Json* reported, StageOf(parts, stage));
  input.shards = FilesOf(*reported, "reject_files");
  if (!input.shards.empty()) return input;
  ARROW_ASSIGN_OR_RAISE(const auto chain, ChainOf(parts, stage));
  input.schema = stage::OperatorRejectSchema(*chain);
  return input;
}

}  // namespace
}  // namespace pipeline

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadRunStage(const FinishedRun& run,
                                                               const std::string& stage) {
  return pipeline::FromReport([&]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
    ARROW_ASSIGN_OR_RAISE(auto input, pipeline::RowsOfStage(run.parts(), stage));
    return pipeline::ReadShards(std::move(input));
  });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadRunRejects(const FinishedRun& run,
                                                                 const std::string& stage,
                                                                 const std::string& table) {
  return pipeline::FromReport([&]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
    ARROW_ASSIGN_OR_RAISE(auto input, pipeline::RejectsOf(run.parts(), stage, table));
    return pipeline::ReadShards(std::move(input));
  });
}

}  // namespace millrace
