// Runs one split: cuts its files into chunks, has them parsed on the pool, and hands the results to
// the sink in order. Ends with the split's commit record in place.
// Thread-safety: runs on one thread; several runners share a stage.
#pragma once

#include <atomic>

#include "stage/commit_record.h"
#include "stage/stage_context.h"

namespace millrace::stage {

struct SplitResult {
  CommitRecord record;
  bool skipped = false;    // it was committed already
  bool elsewhere = false;  // another process did it
};

/// The committed record of the split, from an earlier run where one is valid. `index`: of the split
/// in the stage. `stop`: another split has failed, this one need not go on (Cancelled).
Result<SplitResult> RunSplit(const StageContext& stage, const Split& split, size_t index,
                             const std::atomic<bool>& stop);

/// Reads the split and commits it, whatever earlier runs left.
Result<CommitRecord> ReadSplit(const StageContext& stage, const Split& split,
                               const std::atomic<bool>& stop);

}  // namespace millrace::stage
