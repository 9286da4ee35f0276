// Which stages of a config a run is told to do.
#pragma once

#include "base/status.h"
#include "millrace/pipeline.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/snapshots.h"

namespace millrace::pipeline {

/// Positions in StagesOf: 0 is ingest.
struct StageChoice {
  size_t from = 0;     // the first to do; those before it must be committed
  size_t until = 0;    // the last to do
  bool stops = false;  // after `until`: no exports, no report
};

/// Usage when there is no such stage, when nothing is left between the two, or when `from` comes
/// with an option that asks an API.
Result<StageChoice> ChooseStages(const PipelineConfig& config, const RunOptions& options);

/// What it means for sources behind an API: a run that begins behind ingest fetches nothing.
SnapshotChoice ChooseSnapshots(const RunOptions& options, const StageChoice& stages);

}  // namespace millrace::pipeline
