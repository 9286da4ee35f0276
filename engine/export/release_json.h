// The manifest of a release and the pointer to the newest one; spec/release.md.
#pragma once

#include <string>

#include "base/status.h"
#include "export/export.h"

namespace millrace::exporting {

/// Inside a release's folder. Readers of data skip names that start with '_'.
inline constexpr char kReleaseManifestName[] = "_millrace.json";
inline constexpr char kLatestName[] = "LATEST.json";

/// The hash of what shapes the release: run, table and options.
std::string ReleaseIdOf(const ExportInput& input, const ExportOptions& options);

std::string ReleaseManifestJson(const Release& release, const ExportInput& input,
                                const ExportOptions& options);
/// Fills id, name, files, rows, rejects and non_finite_as_null. WorkspaceDamaged when malformed.
Result<Release> ParseReleaseManifest(const std::string& json);

struct Latest {
  std::string release_id;
  std::string previous;  // the release it took the place of; "" of the first
};
std::string LatestJson(const Latest& latest, const std::string& manifest);
Result<Latest> ParseLatest(const std::string& json);

/// Where the card of a release lies, beside it: "<release_id>.card/report.html".
std::string CardKey(const std::string& release_id, const std::string& file);
inline constexpr char kCardHtmlName[] = "report.html";
inline constexpr char kCardJsonName[] = "report.json";

}  // namespace millrace::exporting
