// The rows of a split that reach an instance, worked out on the pool and handed on in order.
#pragma once

#include <atomic>
#include <functional>

#include "stage/key_digest.h"
#include "stage/operators/global_phase.h"

namespace millrace::stage {

/// `base`: the position in the split of the batch's first row. False: no more are wanted.
using ReachedSink = std::function<Result<bool>(const op::Reached& reached, int64_t base)>;

Status ReachRows(const OperatorRun& run, const OperatorSplit& split, size_t index, size_t instance,
                 const GlobalDecisions& before, const std::atomic<bool>& stop,
                 const ReachedSink& sink);

/// The keys of rows, by row of the batch; worked out on the pool.
using KeysOfRows = std::function<Result<std::vector<KeyOfRow>>(const arrow::RecordBatch& rows)>;

/// A split's keys at an instance: sorted, with positions, and how many rows reach it. A summary
/// that is not committed yet.
Result<CommitRecord> KeysOfSplit(const OperatorRun& run, const OperatorSplit& split, size_t index,
                                 size_t instance, const GlobalDecisions& before,
                                 const std::atomic<bool>& stop, const KeysOfRows& keys_of);

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

/// The same of all splits.
Result<std::vector<CommitRecord>> SummariesOf(const OperatorRun& run,
                                              const std::vector<OperatorSplit>& splits,
                                              size_t instance, const GlobalDecisions& before);

}  // namespace millrace::stage
