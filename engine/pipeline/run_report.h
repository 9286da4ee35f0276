// The report of a run from what it has committed (report/report.h); all but its exports.
#pragma once

#include <atomic>

#include "io/store.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/done_work.h"
#include "pipeline/report/report.h"

namespace millrace::pipeline {

/// Rows of each reason that a report shows.
inline constexpr int kSamplesPerReason = 3;

/// What is known of the run as such.
void StartReport(const PipelineConfig& config, const DoneWork& done, Report* report);

/// That, and its tables and stages with samples of their rows, some at once. `cancelled` may be
/// null.
Status FillReport(const PipelineConfig& config, const DoneWork& done, io::Store& workspace,
                  int threads, const std::atomic<bool>* cancelled, Report* report);

}  // namespace millrace::pipeline
