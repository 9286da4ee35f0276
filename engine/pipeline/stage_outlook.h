// What a run would do with each stage of a config, and why: the config and the inputs as they are
// against what the workspace holds.
#pragma once

#include <string>
#include <vector>

#include "io/store.h"
#include "pipeline/input_files.h"
#include "pipeline/plan_changes.h"
#include "pipeline/stage_plans.h"
#include "pipeline/table_contracts.h"
#include "stage/ingest.h"

namespace millrace::pipeline {

struct StageReason {
  std::string kind;   // "new", "config", "input", "unfinished" or "mode"
  std::string input;  // of "input"
  std::string text;   // a phrase: "the operator `keep` changed"
};

struct StageOutlook {
  bool runs = false;  // false: all of it is committed
  std::vector<StageReason> reasons;
  int64_t splits_total = -1, splits_committed = -1;  // -1: only a run can tell
  int64_t rows = -1;                                 // that left it, where it does not run
};

/// One per stage, in the order of the config. `chains`: of BindStages.
Result<std::vector<StageOutlook>> FindStageOutlooks(
    const PipelineConfig& config, const stage::IngestPlan& ingest, const TableContracts& tables,
    const std::vector<StageChain>& chains, const PlanChanges& changes, io::Store& workspace);

}  // namespace millrace::pipeline
