// How a stage of a config differs from the one that the last run did.
#pragma once

#include <string>
#include <vector>

#include "io/store.h"
#include "pipeline/config/pipeline_config.h"
#include "stage/manifest.h"
#include "stage/operators/operator_stage.h"

namespace millrace::pipeline {

/// What a run recorded as its config, read again. Its places are not to be used: they are relative
/// to a folder that nobody knows here.
Result<PipelineConfig> ReadRunConfig(io::Store& workspace, const std::string& run_folder);

/// Whether the stage of that name reads the same inputs in the same proportion there.
bool SameInputs(const PipelineConfig& before, const StageConfig& stage);

/// A phrase for each difference that shapes the stage's rows. `before` may be null, where the last
/// run's config cannot be read any more; `manifest` is what the stage left then.
std::vector<std::string> StageDifferences(const PipelineConfig* before,
                                          const stage::Manifest& manifest,
                                          const PipelineConfig& now, const StageConfig& stage,
                                          const stage::OperatorPlan& plan);

}  // namespace millrace::pipeline
