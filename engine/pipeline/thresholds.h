// A stage with other thresholds for its filters, as `millrace rethreshold` has it.
#pragma once

#include <memory>

#include "base/status.h"
#include "io/store.h"
#include "millrace/pipeline.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/stage_plans.h"
#include "stage/operators/operator_stage.h"

namespace millrace::pipeline {

/// The config as if `options.thresholds` stood in it. Usage when there is no such stage or
/// instance, or when it comes with an option that picks other stages; problems of a value are shown
/// at its parameter.
Result<PipelineConfig> WithThresholds(const PipelineConfig& config, const RunOptions& options);

/// A config as it was run, and the stage of it that gets other thresholds.
struct ThresholdsBefore {
  const PipelineConfig& config;
  const TableContracts& tables;
  io::Store& workspace;
  size_t stage = 0;  // its position in the config
};

/// The stage as it was committed, whose rows get other tags. Usage when it is not, or when `now` is
/// more than the stage with other thresholds.
Result<std::shared_ptr<const stage::OperatorPlan>> PlanBefore(const ThresholdsBefore& before,
                                                              const stage::IngestPlan& ingest,
                                                              const stage::OperatorPlan& now,
                                                              const CommittedRows& committed,
                                                              const op::SecretReader& secrets);

}  // namespace millrace::pipeline
