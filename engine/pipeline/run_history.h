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
  int64_t touched_ns = 0;  // when its last attempt or its report was written
  // Of its last attempt's log: how it ended, or what came last; the stage that it was at, and how
  // many of that stage's splits were done.
  std::string last_event, last_message, last_stage;
  int64_t splits_done = 0, splits_total = 0;
};

/// The newest first.
Result<std::vector<PastRun>> PastRuns(io::Store& workspace);

}  // namespace millrace::pipeline
