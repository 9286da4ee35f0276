// output_mixture: of each bucket the rows with the smallest hashes, so many as its share asks for.
#pragma once

#include "stage/operators/global_phase.h"

namespace millrace::stage {

Result<CommitRecord> SummariseQuota(const OperatorRun& run, const OperatorSplit& split,
                                    size_t index, size_t instance, const GlobalDecisions& before,
                                    const std::atomic<bool>& stop);
Result<std::unique_ptr<GlobalDecision>> DecideQuota(const OperatorRun& run,
                                                    const std::vector<OperatorSplit>& splits,
                                                    size_t instance, const GlobalDecisions& before);

/// The same over rows that are all there, for a look at some of them.
Result<std::vector<op::QuotaCut>> DecideQuotaOf(const op::QuotaFilter& filter,
                                                const op::Reached& reached);

/// What is drawn of buckets that hold so many rows.
std::vector<int64_t> RowsDrawn(const op::QuotaFilter& filter, const std::vector<int64_t>& rows);

}  // namespace millrace::stage
