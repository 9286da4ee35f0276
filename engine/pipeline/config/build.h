// From the values of a config to a PipelineConfig, with the checks that hold fields against each
// other: names that refer to something, paths that do not overlap.
#pragma once

#include <string>

#include "base/config_value.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

/// The result is usable only when `problems` is empty afterwards. `open_files`: also those that
/// operators name.
PipelineConfig BuildConfig(const ConfigValue& root, const std::string& base_dir, bool open_files,
                           ConfigProblems* problems);

}  // namespace millrace::pipeline
