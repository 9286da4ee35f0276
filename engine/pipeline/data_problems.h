// What the data says of a config that is wrong: a person who mends it wants to hear of the missing
// file and the missing column too, not after the next try.
#pragma once

#include <vector>

#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

/// Local sources whose path matches nothing, and columns that their files lack. `config` holds what
/// could be built; a source with a problem of its own in `problems` is not read, and a column with
/// one is not in its contract. Opens the files of local sources, reads no more than their heads.
std::vector<Diagnostic> ProblemsInData(const PipelineConfig& config,
                                       const ConfigProblems& problems);

}  // namespace millrace::pipeline
