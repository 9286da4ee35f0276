// exact_dedup and unique: of rows with equal keys the first one stays.
#pragma once

#include "stage/operators/global_phase.h"

namespace millrace::stage {

Result<CommitRecord> SummariseKeys(const OperatorRun& run, const OperatorSplit& split, size_t index,
                                   size_t instance, const GlobalDecisions& before,
                                   const std::atomic<bool>& stop);
Result<std::unique_ptr<GlobalDecision>> DecideKeys(const OperatorRun& run,
                                                   const std::vector<OperatorSplit>& splits,
                                                   size_t instance, const GlobalDecisions& before,
                                                   SpillFolder& spill);

}  // namespace millrace::stage
