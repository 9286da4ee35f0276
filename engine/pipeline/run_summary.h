// What a run has to say for itself to the door that started it, out of its report.
#pragma once

#include <vector>

#include "export/export.h"
#include "millrace/pipeline.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/report/report.h"

namespace millrace::pipeline {

/// All but paths, drift, splits and times. `releases`: of the config's exports, in its order.
RunResult SummariseRun(const PipelineConfig& config, const Report& report,
                       const std::vector<exporting::Release>& releases);

}  // namespace millrace::pipeline
