// Holds rows with equal digests against each other by their values.
#pragma once

#include <memory>
#include <vector>

#include "stage/duplicates.h"
#include "stage/operators/global_phase.h"

namespace millrace::stage {

/// Of the rows `found` by their digests those whose values are equal to an earlier row's, with the
/// first such row; sorted as they came. Rows that repeat a known key are taken at their digest. The
/// values are spilled; memory near `bytes_max`.
Result<std::unique_ptr<SortedStream<Duplicate>>> VerifyDuplicates(
    const OperatorRun& run, const std::vector<OperatorSplit>& splits, size_t instance,
    const GlobalDecisions& before, SpillFolder& spill, SortedStream<Duplicate>& found,
    int64_t bytes_max);

}  // namespace millrace::stage
