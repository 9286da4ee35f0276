// Signed-off records beside a release, and whether they still hold: spec/release.md.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/store.h"
#include "pipeline/release/release_places.h"

namespace millrace::pipeline {

/// What a person signs: the release and its card, by their hashes.
struct SignedState {
  std::string manifest_sha256, card_sha256, report_sha256;
  bool operator==(const SignedState&) const = default;
};

/// The hashes as the files are now; "" for a file that is not there.
Result<SignedState> StateOf(io::Store& target, const std::string& release_id);

/// Whether page and report are those that one run wrote. REQUIRES: both are there.
Result<bool> IsCardWhole(io::Store& target, const std::string& release_id);

struct StoredApproval {
  std::string key, by, note, time, verdict;
  SignedState state;
  bool readable = true;
};
/// Oldest first. A record that cannot be read is there, and holds nothing.
Result<std::vector<StoredApproval>> ReadApprovals(io::Store& target, const std::string& release_id);

/// The record that Put writes, without its key. OK only when the release, its manifest and its card
/// are what the run left: ReleaseChanged else.
Result<nlohmann::ordered_json> CheckForApproval(const ReleasePlace& place);
/// Writes `<release_id>.approvals/<n>.json`; the key.
Result<std::string> PutApproval(io::Store& target, const std::string& release_id,
                                const nlohmann::ordered_json& record);

}  // namespace millrace::pipeline
