// A few rejected rows of every reason, read back from a stage's reject files for the report.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/store.h"
#include "pipeline/report/report.h"

namespace millrace::pipeline {

/// The reasons of a manifest, most rows first, each with its first rows as samples: at most
/// `samples_max`. `sensitive`: the table's sensitive columns; where there are any, no raw record is
/// shown, and no value that is of one of them or of no column. Looks at a bounded part of each
/// file; a reason whose rows come later has no samples.
Result<std::vector<ReportReject>> SampleRejects(io::Store& workspace, const std::string& folder,
                                                const stage::Manifest& manifest,
                                                const std::set<std::string>& sensitive,
                                                int samples_max);

}  // namespace millrace::pipeline
