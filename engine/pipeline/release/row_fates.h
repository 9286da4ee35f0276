// Which rows of a table had another fate in another run: by row id, over any number of rows.
//
// A row is written, or rejected by a rule, or not there. Rows that both runs wrote are compared in
// the columns that both have. Memory near `bytes_max`; what does not fit waits in a temporary
// folder. The result depends on the rows alone.
#pragma once

#include <cstdint>
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
  int64_t rows_same = 0;
  std::vector<FateChange> changes;  // most rows first
};

/// `columns`: those that both tables have. Either table may be null: all its rows are absent.
Result<FateChanges> CompareFates(const FateTable* before, const FateTable* after,
                                 const std::vector<std::string>& columns, int64_t bytes_max);

}  // namespace millrace::pipeline
