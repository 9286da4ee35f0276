// What is done with releases once they are made: approve one, list them, and compare two runs.
// Local folders alone: what lies at a URL is not looked at yet.
//
// Thread-safety: any thread.
#pragma once

#include <string>

#include "base/status.h"

namespace millrace {

struct ApproveOptions {
  std::string by;    // who signs: one line, not empty
  std::string note;  // why; required where the card says that the release is not fit
};

/// Writes a signed-off record beside each release of `path`: a release's folder, an export's target
/// (its latest release), a run's folder or a workspace (its newest complete run). The records as
/// JSON (spec/release.md).
///
/// ReleaseChanged when a release's files, its manifest or its card are not what the run left: then
/// nothing is written for any of them. UnreadablePath when there is no release or no card.
Result<std::string> ApproveReleases(const std::string& path, const ApproveOptions& options);

/// The releases of an export's target, or of all that the runs of a workspace published, as JSON:
/// the newest first, each with its verdict and its approvals, and whether these still hold.
Result<std::string> ListReleases(const std::string& path);

/// What differs between two runs, as JSON: config, contract, funnel, and rows by id whose fate
/// changed, counted and with a few samples. Each path is a run's folder, a workspace (its newest
/// complete run), a release or a target; of a release only the card is known, so no rows.
Result<std::string> DiffRuns(const std::string& before, const std::string& after);

}  // namespace millrace
