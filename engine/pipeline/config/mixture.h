// `inputs:` and `mixture:` of a stage.
#pragma once

#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

/// The weights, caps and epochs of the stage's inputs, whose names in the config are `names`.
/// `inputs` and `mixture` may be null. None without a mixture.
/// `at_step`: where a curriculum by steps is looked at.
std::optional<MixtureConfig> BuildMixture(const ConfigValue* inputs, const ConfigValue* mixture,
                                          const std::vector<std::string>& names, int64_t at_step,
                                          ConfigProblems* problems);

}  // namespace millrace::pipeline
