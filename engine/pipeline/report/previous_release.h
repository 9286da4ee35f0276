// The release that a new one takes the place of, as its card described it.
#pragma once

#include <optional>

#include "export/export.h"
#include "io/store.h"
#include "pipeline/report/report.h"

namespace millrace::pipeline {

/// What changed since the release before; nothing for the first one. `now`: the new report as JSON,
/// without its changes. A release whose card is gone is told as such.
Result<std::optional<ReportExport::Previous>> ChangesSincePrevious(
    io::Store& target, const exporting::Release& release, const nlohmann::ordered_json& now);

/// Puts a card beside the release.
Status PutCard(io::Store& target, const std::string& release_id, const std::string& html,
               const std::string& json);

}  // namespace millrace::pipeline
