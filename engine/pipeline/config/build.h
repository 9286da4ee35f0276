// From the values of a config to a PipelineConfig, with the checks that hold fields against each
// other: names that refer to something, paths that do not overlap.
#pragma once

#include <string>

#include "base/config_value.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

/// The result is usable only when `problems` is empty afterwards. `resources`: the files that
/// operators name; null to leave those alone.
PipelineConfig BuildConfig(const ConfigValue& root, const std::string& base_dir,
                           std::shared_ptr<const op::Resources> resources,
                           ConfigProblems* problems);

}  // namespace millrace::pipeline
