// What earlier runs of a pipeline left in a workspace: read for `plan` and `status`, never for
// deciding what a run does.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/store.h"

namespace millrace::pipeline {

struct PastRun {
  std::string folder;  // "runs/<plan_id>.<n>"
  std::string plan_id;
  int number = 0;
  bool complete = false;  // it has a report.json
  int attempts = 0;
  int64_t touched_ns = 0;                // when its last attempt or its report was written
  std::string last_event, last_message;  // of its last attempt's log
};

/// The newest first.
Result<std::vector<PastRun>> PastRuns(io::Store& workspace);

}  // namespace millrace::pipeline
