// The rows of a split that reach an instance, worked out on the pool and handed on in order.
#pragma once

#include <atomic>
#include <functional>

#include "stage/operators/global_phase.h"

namespace millrace::stage {

/// `base`: the position in the split of the batch's first row. False: no more are wanted.
using ReachedSink = std::function<Result<bool>(const op::Reached& reached, int64_t base)>;

Status ReachRows(const OperatorRun& run, const OperatorSplit& split, size_t index, size_t instance,
                 const GlobalDecisions& before, const std::atomic<bool>& stop,
                 const ReachedSink& sink);

/// The identity of a split's summary for an instance.
std::string SummaryId(const OperatorRun& run, const OperatorSplit& split, size_t index,
                      size_t instance, const GlobalDecisions& before);

/// The committed summary of a split for an instance, made where there is none: a commit record with
/// keys or a count of rows, and without shards. `make`: in the place of Summarise, where the caller
/// wants to know more than the record tells.
Result<CommitRecord> SummaryOf(const OperatorRun& run, const OperatorSplit& split, size_t index,
                               size_t instance, const GlobalDecisions& before,
                               const std::atomic<bool>& stop,
                               const std::function<Result<CommitRecord>()>& make = {});

}  // namespace millrace::stage
