// `inputs:` and `mixture:` of a stage.
#pragma once

#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

/// The weights, caps and epochs of the stage's inputs, whose names in the config are `names`.
/// `inputs` and `mixture` may be null. None without a mixture.
std::optional<MixtureConfig> BuildMixture(const ConfigValue* inputs, const ConfigValue* mixture,
                                          const std::vector<std::string>& names,
                                          ConfigProblems* problems);

}  // namespace millrace::pipeline
