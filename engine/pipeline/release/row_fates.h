// Which rows of a table had another fate in another run, over any number of rows.
//
// A row is written, or rejected by a rule, or not there. Rows that both runs wrote are compared in
// the columns that both have.
//
// A row id says where a row stands, so it tells rows of a file that both runs read as it is. In a
// file that changed a record may stand elsewhere: there rows of the same fate and the same values
// (of rejected ones: the same record, where it was kept) are the same row first, wherever they are,
// and only what is left over is told by its id.
//
// Memory near `bytes_max`; what does not fit waits in a temporary folder. The result depends on the
// rows alone.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/store.h"
#include "stage/manifest.h"

namespace millrace::pipeline {

/// A table of a run as its stage holds it.
struct FateTable {
  io::Store* workspace = nullptr;
  std::string folder;  // of the manifest's paths
  const stage::Manifest* manifest = nullptr;
};

struct FateChange {
  std::string before, after;  // "written", "rejected: <rule>", "absent"; "written otherwise"
  int64_t rows = 0;
  std::vector<std::string> row_ids;  // a few of them, sorted
};

struct FateChanges {
  int64_t rows_same = 0;            // wherever they stand
  int64_t rows_moved = 0;           // those of them that stand at another place
  std::vector<FateChange> changes;  // most rows first
};

/// `columns`: those that both tables have. `changed_files`: `<source>/<path>` of files that only
/// one of the runs read, or that were other ones. Either table may be null: all its rows are
/// absent.
Result<FateChanges> CompareFates(const FateTable* before, const FateTable* after,
                                 const std::vector<std::string>& columns,
                                 const std::set<std::string, std::less<>>& changed_files,
                                 int64_t bytes_max);

}  // namespace millrace::pipeline
