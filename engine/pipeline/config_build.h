// From the values of a config to a PipelineConfig, with the checks that hold fields against each
// other: names that refer to something, paths that do not overlap.
#pragma once

#include <string>

#include "pipeline/config_problems.h"
#include "pipeline/config_value.h"
#include "pipeline/pipeline_config.h"

namespace millrace::pipeline {

/// The result is usable only when `problems` is empty afterwards.
PipelineConfig BuildConfig(const ConfigValue& root, const std::string& base_dir,
                           ConfigProblems* problems);

}  // namespace millrace::pipeline
