// limit: the first rows that reach it.
#pragma once

#include "stage/operators/global_phase.h"

namespace millrace::stage {

Result<CommitRecord> SummariseCount(const OperatorRun& run, const OperatorSplit& split,
                                    size_t index, size_t instance, const GlobalDecisions& before,
                                    const std::atomic<bool>& stop);
Result<std::unique_ptr<GlobalDecision>> DecideCount(const OperatorRun& run,
                                                    const std::vector<OperatorSplit>& splits,
                                                    size_t instance, const GlobalDecisions& before);

}  // namespace millrace::stage
