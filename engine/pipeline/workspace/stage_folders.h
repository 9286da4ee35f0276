// What a workspace's stages hold, by their own records: read for `verify`, `gc` and `inspect`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/store.h"
#include "stage/manifest.h"

namespace millrace::pipeline {

struct NamedFile {
  io::DataFile data;     // path: the key in the workspace
  std::string named_by;  // key of the first record that names it
};

struct StageFolder {
  std::string folder;                 // "stages/<name>/<stage_key>"
  std::vector<io::FileInfo> present;  // every file below it
  std::vector<stage::Manifest> manifests;
  std::map<std::string, NamedFile> named;  // by key: what manifests and commit records name
  std::set<std::string> records;           // keys of manifests and commit records that can be read
  std::vector<std::string> unreadable;     // one sentence per record that cannot
};

/// All stages of a workspace, by folder.
Result<std::vector<StageFolder>> ReadStageFolders(io::Store& workspace);

/// Stage folders that a run's folder refers to (runs/*/stages.json).
Result<std::set<std::string>> StagesOfRuns(io::Store& workspace);

/// The workspace at a path or a URL, which is reached with the environment's credentials.
/// UnreadablePath when there is none.
Result<std::shared_ptr<io::Store>> OpenWorkspace(const std::string& path);

}  // namespace millrace::pipeline
