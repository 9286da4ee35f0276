// One split of a stage with operators: read, put through the chain on the pool, written in order,
// and ended with its commit record in place.
// Thread-safety: runs on one thread; several run at once.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/task_pool.h"
#include "stage/commit_record.h"
#include "stage/operators/operator_splits.h"
#include "stage/shard_sequence.h"
#include "stage/stage_store.h"

namespace millrace::stage {

/// The same stage with other thresholds, as far as it is committed.
struct EarlierStage {
  const OperatorPlan& plan;
  StageStore place;
  std::vector<OperatorSplit> splits;  // as the stage has them now
};

/// What the splits of one execution share.
struct OperatorRun {
  const OperatorPlan& plan;
  const RunContext& context;
  StageStore place;
  std::string stage_key;
  std::shared_ptr<arrow::Schema> schema;  // of the shards
  TaskPool& pool;
  int64_t in_flight_bytes = 0;     // of rows under way per split
  int64_t reader_bytes = 0;        // of rows that are being read, per input of a split
  int64_t writer_queue_bytes = 0;  // of rows that wait to be written, likewise
  int64_t merge_bytes = 0;         // of what is compared between splits
  int active_splits = 1, active_partitions = 1;
  bool resumes = false;       // there are commits already
  bool arrow_copies = false;  // its shards get copies (arrow_copy.h)
  /// How many units to have under way: those that other processes do cost nothing here.
  int AtOnce(int here) const { return context.perform ? context.units_at_once : here; }
  std::unique_ptr<const EarlierStage> earlier = nullptr;

  /// NotCommitted where the context asks that everything is.
  Status MayWork() const;
  bool cancelled() const { return context.cancelled != nullptr && *context.cancelled; }
};

/// With what the limits of the context leave; MemoryLimit when that is too little. What it takes
/// must outlive it.
Result<OperatorRun> OpenOperatorRun(const OperatorPlan& plan, const RunContext& context,
                                    TaskPool& pool);

struct OperatorSplitResult {
  CommitRecord record;
  bool skipped = false;    // it was committed already
  bool elsewhere = false;  // another process did it
};

/// The columns whose values must not be shown.
std::set<std::string> SensitiveColumns(const arrow::Schema& schema);
/// How the shards of a split or partition are written.
ShardSequenceOptions ShardOptions(const OperatorRun& run, const std::string& split_name);
/// A unit of commit: its id, what makes its record here, and what has another process make it.
struct UnitOfWork {
  std::string id;
  std::function<Result<CommitRecord>()> make;
  std::function<UnitCall()> call;  // stage, folder and id are filled in
  bool is_missing = false;         // it was asked for already, and was not there
};
/// As it was committed before, or made now and committed; the id is set.
Result<OperatorSplitResult> CommittedUnit(const OperatorRun& run, const UnitOfWork& unit,
                                          const std::atomic<bool>& stop);
/// Tells of a unit of commit whose rows were told of before: a partition, a joined shard.
void ReportUnit(const OperatorRun& run, const CommitRecord& record, bool skipped);
/// Tells of a split that is done.
void ReportSplit(const OperatorRun& run, const OperatorSplitResult& result);

class GlobalDecision;

/// Which splits are committed already, of those decisions.
Result<std::vector<std::optional<CommitRecord>>> CommittedSplits(
    const OperatorRun& run, const std::vector<OperatorSplit>& splits,
    const std::vector<std::unique_ptr<GlobalDecision>>& decisions);

/// `index`: of the split in the stage. `decisions`: of all global instances of the chain. `stop`:
/// another split has failed, this one need not go on (Cancelled). `is_missing`: CommittedSplits has
/// said so.
Result<OperatorSplitResult> RunOperatorSplit(
    const OperatorRun& run, const OperatorSplit& split, size_t index,
    const std::vector<std::unique_ptr<GlobalDecision>>& decisions, bool is_missing,
    const std::atomic<bool>& stop);

}  // namespace millrace::stage
