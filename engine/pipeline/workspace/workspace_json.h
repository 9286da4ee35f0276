// A workspace as JSON, for `status` and for `inspect` of a workspace.
#pragma once

#include <nlohmann/json.hpp>

#include "base/status.h"
#include "io/store.h"

namespace millrace::pipeline {

/// {"active", "runs": [...]}, the newest run first.
Result<nlohmann::ordered_json> RunsJson(io::Store& workspace);
/// One entry per table of every stage.
Result<nlohmann::ordered_json> StagesJson(io::Store& workspace);

}  // namespace millrace::pipeline
