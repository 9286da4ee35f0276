// A few rejected rows of every reason, read back from a stage's reject files for the report.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "io/store.h"
#include "pipeline/report/report.h"

namespace millrace::pipeline {

/// The reasons of a manifest, most rows first, each with its first rows as samples: at most
/// `samples_max`. `has_sensitive`: the table has sensitive columns, so that no raw record and no
/// value that belongs to no column is shown. Looks at a bounded part of each file; a reason whose
/// rows come later has no samples.
Result<std::vector<ReportReject>> SampleRejects(io::Store& workspace, const std::string& folder,
                                                const stage::Manifest& manifest, bool has_sensitive,
                                                int samples_max);

}  // namespace millrace::pipeline
