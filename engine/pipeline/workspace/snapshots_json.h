// What a workspace holds of APIs: the snapshots of each source and fetches that are not finished.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "io/store.h"
#include "pipeline/workspace/stage_folders.h"

namespace millrace::pipeline {

/// By source: its snapshots, oldest first, with their pages, records and bytes, and how many pages
/// an unfinished fetch has.
Result<nlohmann::ordered_json> SnapshotsJson(io::Store& workspace);

/// What the lists of snapshots name, by key: the bodies of their pages. `unreadable` gets a
/// sentence for each list that cannot be read.
Status NameSnapshotFiles(io::Store& workspace, std::map<std::string, NamedFile>* named,
                         std::vector<std::string>* unreadable);

/// Keys below `sources/` that nothing needs: bodies of a fetch or snapshot that never was
/// completed, and snapshots that are neither the latest of their source nor named by a run or a
/// manifest.
Result<std::set<std::string>> SnapshotLitter(io::Store& workspace);

}  // namespace millrace::pipeline
