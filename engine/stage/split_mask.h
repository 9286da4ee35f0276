// The second phase of `unique`: the splits that hold duplicates write the shards anew that lose
// rows, and commit that with a mask record. All other files stay as they are.
#pragma once

#include <optional>
#include <vector>

#include "stage/commit_record.h"
#include "stage/stage_context.h"

namespace millrace::stage {

/// One entry per split of `splits` (row order, all of the contract's table): its mask record where
/// it lost rows.
Result<std::vector<std::optional<MaskRecord>>> MaskDuplicates(
    const StageContext& stage, size_t contract, const std::vector<const CommitRecord*>& splits);

}  // namespace millrace::stage
