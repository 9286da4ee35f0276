// From a path that a user gives to releases and runs on the local disk.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::pipeline {

/// A complete release: `<target>/<release_id>/`.
struct ReleasePlace {
  std::string target, release_id;
  auto operator<=>(const ReleasePlace&) const = default;
};

/// A complete run: its workspace's folder and `runs/<plan_id>.<n>` in it.
struct RunPlace {
  std::string workspace, folder;
};

/// Absolute and without links, so that `latest` is the release it leads to.
std::string PlainPath(const std::string& path);

enum class PathKind { kRelease, kTarget, kRun, kWorkspace };
/// UnreadablePath when it is none of them, or a URL.
Result<PathKind> KindOfPath(const std::string& path);

/// The run of a run's folder, or the newest complete one of a workspace.
Result<RunPlace> FindRun(const std::string& path, PathKind kind);
/// All complete runs of a workspace, the newest first.
Result<std::vector<RunPlace>> AllRuns(const std::string& workspace);
/// report.json of a run or beside a release. WorkspaceDamaged when it is no JSON.
Result<nlohmann::ordered_json> ReadReport(const std::string& file);

/// The releases that a run published. Its report names them relative to the config, which a
/// workspace does not know: they are looked for from the current folder and from each folder that
/// the workspace lies in, and taken where the release's id and run agree. Those that are not found
/// are named in `missing`, as the report says them.
Result<std::vector<ReleasePlace>> ReleasesOfRun(const RunPlace& run,
                                                std::vector<std::string>* missing);
/// The one release of a release's folder or of a target.
Result<ReleasePlace> FindRelease(const std::string& path, PathKind kind);

}  // namespace millrace::pipeline
