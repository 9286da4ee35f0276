// From the commit records of a table's splits to its manifest: duplicates of unique columns taken
// out, counts and profiles summed in row order, the row equation checked against the files.
#pragma once

#include <vector>

#include "stage/commit_record.h"
#include "stage/manifest.h"
#include "stage/stage_context.h"

namespace millrace::stage {

/// `splits` and `records`: of the whole stage, in row order.
Result<Manifest> FinishTable(const StageContext& stage, size_t contract,
                             const std::vector<Split>& splits,
                             const std::vector<CommitRecord>& records);

}  // namespace millrace::stage
