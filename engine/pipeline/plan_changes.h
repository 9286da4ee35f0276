// What a run would find changed since the last complete one: config, files, and the splits that
// are committed already.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/object/storage_options.h"
#include "io/store.h"
#include "pipeline/input_files.h"
#include "stage/ingest.h"

namespace millrace::pipeline {

struct PlanChanges {
  std::string last_run;  // folder of the last complete run; "" when there is none
  bool config_changed = false;
  std::vector<std::string> new_files, changed_files, removed_files;  // "<source>/<path>"
  int64_t unchanged_files = 0;
  int64_t splits_total = 0, splits_committed = 0;
  std::vector<int64_t> splits_of_source;
  /// Of the files as they are, by "<source>/<path>", where that is known.
  std::map<std::string, std::string> sha256;
  /// Folders in the workspace that the last run's results are in, by stage; of ingest by
  /// "ingest/<table>".
  std::map<std::string, std::string> last_folders;
};

/// Hashes files that an earlier run knew and that have the same size; the workspace's cache knows
/// most of them.
Result<PlanChanges> FindChanges(const stage::IngestPlan& plan, const std::string& workspace,
                                const io::StorageOptions& storage);

}  // namespace millrace::pipeline
