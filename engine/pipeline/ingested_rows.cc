#include "pipeline/ingested_rows.h"

#include "pipeline/ingest_plan.h"

namespace millrace::pipeline {

Result<std::shared_ptr<const stage::RowsInPlace>> IngestedRows(
    const PipelineConfig& config, const InputFiles& inputs, const TableContracts& tables,
    const std::shared_ptr<io::Store>& workspace, const std::string& folder) {
  ARROW_ASSIGN_OR_RAISE(const stage::IngestPlan plan, MakeIngestPlan(config, inputs, tables));
  stage::RunContext context;
  context.workspace = workspace;
  context.input = stage::RealInput();
  auto rows = stage::OpenRowsInPlace(plan, context);
  if (rows != nullptr && stage::IngestFolder(plan) != folder) {
    return MakeError(
        ErrorCode::kUnreadablePath,
        "the rows of `ingest` stayed in the files of their sources, and the config, or "
        "what it tells from the files, reads these in another way since the run",
        "`keep_rows: true` at a source has a run keep its rows in the workspace");
  }
  return rows;
}

}  // namespace millrace::pipeline
