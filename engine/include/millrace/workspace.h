// What is in a workspace or a data file, and whether it is still what was written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace {

struct InspectOptions {
  int64_t sample_rows = 5;
  int64_t rows_max = 0;  // 0: all rows
};

/// Schema, counts, samples, nulls, distinct, min/max and lengths of a CSV, JSONL or Parquet file,
/// or what a workspace holds, as JSON. Values of columns marked sensitive are masked.
Result<std::string> Inspect(const std::string& path, const InspectOptions& options = {});

/// How a CSV file is written (delimiter, quotes, header, encoding and so on), how sure that is and
/// why, and the block for a config, as JSON. Never refused for want of confidence.
Result<std::string> InspectDialect(const std::string& path);

/// The runs of a workspace, newest first, and whether one is active or resumable, as JSON.
Result<std::string> WorkspaceStatus(const std::string& workspace);

struct VerifyResult {
  std::string kind;  // "workspace" or "release"
  int64_t files_checked = 0, bytes_checked = 0;
  std::vector<std::string> problems;  // one sentence per missing or damaged file
};
/// Hashes every file that a manifest or commit record names.
Result<VerifyResult> VerifyWorkspace(const std::string& workspace);
/// Hashes every file of a release: `path` is its folder, or an export's target, whose LATEST.json
/// then says which one.
Result<VerifyResult> VerifyRelease(const std::string& path);
/// Whichever of the two the folder is; UnreadablePath when it is neither.
Result<VerifyResult> Verify(const std::string& path);

struct GcResult {
  std::vector<std::string> removed;  // keys, relative to the workspace
  int64_t bytes = 0;
};
/// Removes what no manifest or valid commit record names: leftovers of killed attempts and stages
/// that no run refers to. `dry_run` only lists.
Result<GcResult> CollectGarbage(const std::string& workspace, bool dry_run);

}  // namespace millrace
