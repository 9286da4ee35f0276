// A complete copy of what an API answered, in a workspace: every page as it was received, and a
// list of them that is written last. Its id is a hash of the pages, so the same answers have the
// same id on any day and in any folder. Layout: spec/snapshot.md.
//
// Thread-safety: values and functions; a workspace is written by one run at a time.
// Errors: WorkspaceDamaged for a list that cannot be read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/store.h"
#include "source/rest/page_record.h"

namespace millrace::source::rest {

inline constexpr int64_t kListBytesMax = int64_t{1} << 30;  // of the list of a snapshot's pages

struct Snapshot {
  std::string id;
  std::string fetch_key;          // of the source it was fetched for; no part of the id
  std::vector<PageRecord> pages;  // sorted by partition, then page
};

/// What makes snapshots of one source: the oldest first.
struct SnapshotHistory {
  std::vector<std::string> ids;
  std::string finished;  // the last one that a run has finished with; "": none
  /// The last one is complete, but no run has finished with it.
  bool pending() const { return !ids.empty() && ids.back() != finished; }
};

std::string SnapshotId(const std::vector<PageRecord>& pages);

/// `sources/<source>/snapshots/<id>`.
std::string SnapshotFolder(const std::string& source, const std::string& id);
/// The key of a body below a snapshot's or a journal's folder.
std::string BodyKey(const std::string& folder, const std::string& sha256);

/// UnknownSnapshot when the workspace has none of that id; `id` may be the beginning of one.
Result<Snapshot> ReadSnapshot(io::Store& workspace, const std::string& source,
                              const std::string& id);
/// Empty when nothing was fetched yet.
Result<SnapshotHistory> ReadSnapshotHistory(io::Store& workspace, const std::string& source);
Status WriteSnapshotHistory(io::Store& workspace, const std::string& source,
                            const SnapshotHistory& history);

}  // namespace millrace::source::rest
