// Rows that are nearly what an earlier row is (op::NearFilter). The hashes of each split are
// summarised like keys; equal ones are found by a merge of all, as in key_phase.h. What is left is
// gone through in input order: a row is dropped when a row kept before it is near. Of the kept as
// many are held as memory allows; rows that none of them is near to go through another pass when
// there are more.
#pragma once

#include "stage/operators/global_phase.h"

namespace millrace::stage {

Result<CommitRecord> SummariseNear(const OperatorRun& run, const OperatorSplit& split, size_t index,
                                   size_t instance, const GlobalDecisions& before,
                                   const std::atomic<bool>& stop);
Result<std::unique_ptr<GlobalDecision>> DecideNear(const OperatorRun& run,
                                                   const std::vector<OperatorSplit>& splits,
                                                   size_t instance, const GlobalDecisions& before,
                                                   SpillFolder& spill);

}  // namespace millrace::stage
