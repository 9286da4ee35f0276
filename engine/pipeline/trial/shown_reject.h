// Rejects as they are shown to people where nothing is stored: `preview` and `check`.
//
// Thread-safety: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

#include "base/reject.h"

namespace millrace::pipeline {

/// Rule, column, value, threshold, message and raw record. Of a table with sensitive columns no raw
/// record is shown, and no value that is of one of them or of no column. Texts are cut.
nlohmann::ordered_json ShownReject(const Reject& reject, const std::set<std::string>& sensitive);

}  // namespace millrace::pipeline
