// The second half of a stage that orders its rows: when all splits have left their rows in exchange
// files, partitions of the new order are put together, each a unit of commit.
#pragma once

#include <atomic>
#include <vector>

#include "stage/operators/operator_run.h"

namespace millrace::stage {

/// `splits`: the committed first halves. One record per partition, in order.
Result<std::vector<CommitRecord>> RunPartitions(const OperatorRun& run,
                                                const std::vector<CommitRecord>& splits);

}  // namespace millrace::stage
