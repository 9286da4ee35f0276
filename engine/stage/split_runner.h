// Runs one split: cuts its files into chunks, has them parsed on the pool, and hands the results to
// the sink in order. Ends with the split's commit record in place.
// Thread-safety: runs on one thread; several runners share a stage.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "stage/commit_record.h"
#include "stage/stage_context.h"

namespace millrace::stage {

struct SplitResult {
  CommitRecord record;
  bool skipped = false;  // it was committed already
};

/// The committed record of the split, from an earlier run where one is valid. `stop`: another split
/// has failed, this one need not go on (Cancelled).
Result<SplitResult> RunSplit(const StageContext& stage, const Split& split,
                             const std::atomic<bool>& stop);

/// "commits/<split id>.json" below the stage's folder.
std::string CommitPath(const std::string& split_id);

/// The record under a key of the workspace when it is there and every file it names has its size.
Result<std::optional<CommitRecord>> ValidCommit(const StageContext& stage,
                                                const std::string& split_id);

/// True when the file is there with its size; whether its bytes are right is for `verify`.
Result<bool> IsThere(const StageContext& stage, const io::DataFile& file);

}  // namespace millrace::stage
