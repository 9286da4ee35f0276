// The stages behind ingest, one after the other: each is planned over what those before it have
// committed, and run to its manifest.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "millrace/pipeline.h"
#include "pipeline/done_work.h"
#include "pipeline/stage_choice.h"
#include "pipeline/stage_plans.h"
#include "stage/operators/operator_stage.h"
#include "stage/workspace_lock.h"

namespace millrace::pipeline {

class StageSequence {
 public:
  /// What a run has settled. REQUIRES: all of it outlives the sequence.
  struct Of {
    const PipelineConfig& config;
    const PipelineConfig* before;  // the config whose thresholds are replaced; or null
    const RunOptions& options;
    const StageChoice& choice;
    const io::StorageOptions& storage;
    const std::vector<StageChain>& chains;
    DoneWork& done;  // of ingest; each stage is added as it begins
  };
  /// What the run wants to know meanwhile.
  struct Told {
    std::function<void(const std::string& phase)> enter;
    std::function<void(bool done, stage::RunContext*)> set_work;  // before each stage
    std::function<Status()> name_stages;                          // when one was added
  };

  StageSequence(const Of& of, Told told) : of_(of), told_(std::move(told)) {}
  Status Run(const stage::IngestPlan& ingest, stage::RunContext* context);

 private:
  Status OpenIndexes(stage::OperatorPlan* plan);
  bool IsReadAfter(size_t index, const std::string& input) const;

  const Of of_;
  const Told told_;
  struct OpenedIndex {
    std::shared_ptr<io::Store> store;
    stage::WorkspaceLock lock;
  };
  std::map<std::string, OpenedIndex> indexes_;  // by place
};

}  // namespace millrace::pipeline
