// Runs all splits of a stage, several at a time, and says which error counts: of several the one
// of the first split in row order, whichever was noticed first.
#pragma once

#include <vector>

#include "stage/commit_record.h"
#include "stage/split.h"
#include "stage/stage_context.h"

namespace millrace::stage {

/// The commit records in the order of the splits.
Result<std::vector<CommitRecord>> RunSplits(const StageContext& stage,
                                            const std::vector<Split>& splits);

}  // namespace millrace::stage
