#include "stage/operators/reach.h"

#include "base/sha256.h"
#include "stage/identity.h"
#include "stage/key_summary.h"
#include "stage/operators/split_rows.h"
#include "stage/ordered_queue.h"
#include "stage/ordered_tasks.h"

namespace millrace::stage {
namespace {

constexpr int64_t kCostPerByte = 4;

struct ReachedBatch {
  op::Reached reached;
  std::vector<KeyOfRow> keys;
  int64_t base = 0;
};

using BatchSink = std::function<Result<bool>(const ReachedBatch& batch)>;

/// `keys_of` may be null.
Status ReachBatches(const OperatorRun& run, const OperatorSplit& split, size_t index,
                    size_t instance, const GlobalDecisions& before, const std::atomic<bool>& stop,
                    const KeysOfRows& keys_of, const BatchSink& sink) {
  const op::Chain& chain = *run.plan.chain;
  ARROW_ASSIGN_OR_RAISE(auto drops, OpenDrops(before, index));
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        OpenSplit(run, split, chain.input(), chain.ColumnsFor(instance)));
  int64_t base = 0;
  bool at_end = false, wanted = true;
  OrderedTasks<ReachedBatch> tasks(run.pool);
  while (wanted && !(at_end && tasks.empty())) {
    if (run.cancelled() || stop) return Status::Cancelled("cancelled; running again resumes");
    if (!tasks.empty() && (at_end || tasks.cost() >= run.in_flight_bytes)) {
      ARROW_ASSIGN_OR_RAISE(const ReachedBatch done, tasks.Take());
      ARROW_ASSIGN_OR_RAISE(wanted, sink(done));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const SplitBatch read, rows->Next());
    const auto& batch = read.rows;
    if (batch == nullptr) {
      at_end = true;
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const auto of_batch, NextDrops(drops, batch->num_rows()));
    tasks.Add(io::LogicalBytes(*batch) * kCostPerByte,
              [&chain, &keys_of, batch, base, of_batch, instance]() -> Result<ReachedBatch> {
                ReachedBatch done;
                done.base = base;
                ARROW_ASSIGN_OR_RAISE(done.reached, chain.Reach(*batch, instance, of_batch));
                if (keys_of) {
                  ARROW_ASSIGN_OR_RAISE(done.keys, keys_of(*done.reached.rows));
                  done.reached.rows.reset();  // the keys are all that is wanted
                }
                return done;
              });
    base += batch->num_rows();
  }
  return Status::OK();
}

}  // namespace

Status ReachRows(const OperatorRun& run, const OperatorSplit& split, size_t index, size_t instance,
                 const GlobalDecisions& before, const std::atomic<bool>& stop,
                 const ReachedSink& sink) {
  return ReachBatches(run, split, index, instance, before, stop, nullptr,
                      [&](const ReachedBatch& batch) { return sink(batch.reached, batch.base); });
}

Result<CommitRecord> KeysOfSplit(const OperatorRun& run, const OperatorSplit& split, size_t index,
                                 size_t instance, const GlobalDecisions& before,
                                 const std::atomic<bool>& stop, const KeysOfRows& keys_of) {
  const std::string& id = run.plan.chain->instances()[instance].id;
  const std::string prefix = "keys/" + split.name + '-' + id;
  ARROW_ASSIGN_OR_RAISE(
      const auto writer,
      KeySummaryWriter::Open(run.place.store(), run.place.Key(prefix), &run.pool));
  CommitRecord record;
  record.split_name = split.name;
  ARROW_RETURN_NOT_OK(
      ReachBatches(run, split, index, instance, before, stop, keys_of,
                   [&](const ReachedBatch& batch) -> Result<bool> {
                     for (const KeyOfRow& key : batch.keys) {
                       ARROW_RETURN_NOT_OK(writer->Add(
                           key.digest, batch.base + batch.reached.positions->Value(key.row)));
                     }
                     record.rows.read += batch.reached.positions->length();
                     return true;
                   }));
  KeySummary& summary = record.keys.emplace_back();
  summary.column = id;
  ARROW_ASSIGN_OR_RAISE(summary.file, writer->Finish());
  summary.file.path = run.place.PathOf(summary.file.path);
  return record;
}

std::string SummaryId(const OperatorRun& run, const OperatorSplit& split, size_t index,
                      size_t instance, const GlobalDecisions& before) {
  Sha256 hash;
  hash.UpdateField("summary");
  hash.UpdateField(run.plan.chain->instances()[instance].id);
  hash.UpdateField(AppliedId(split, index, before));
  return FinishIdentity(hash);
}

Result<CommitRecord> SummaryOf(const OperatorRun& run, const OperatorSplit& split, size_t index,
                               size_t instance, const GlobalDecisions& before,
                               const std::atomic<bool>& stop,
                               const std::function<Result<CommitRecord>()>& make) {
  UnitOfWork unit;
  unit.id = SummaryId(run, split, index, instance, before);
  unit.make = [&] { return make ? make() : Summarise(run, split, index, instance, before, stop); };
  unit.call = [&] {
    UnitCall call;
    call.kind = UnitKind::kSummarise;
    call.index = index;
    call.name = split.name;
    call.instance = instance;
    call.decisions = TellAll(before, index);
    return call;
  };
  ARROW_ASSIGN_OR_RAISE(OperatorSplitResult result, CommittedUnit(run, unit, stop));
  return std::move(result.record);
}

Result<std::vector<CommitRecord>> SummariesOf(const OperatorRun& run,
                                              const std::vector<OperatorSplit>& splits,
                                              size_t instance, const GlobalDecisions& before) {
  std::vector<CommitRecord> summaries(splits.size());
  size_t failed = 0;
  ARROW_RETURN_NOT_OK(RunInOrder(
      splits.size(), run.AtOnce(run.active_splits),
      [&](size_t index, const std::atomic<bool>& stop) {
        return SummaryOf(run, splits[index], index, instance, before, stop)
            .Value(&summaries[index]);
      },
      &failed));
  return summaries;
}

}  // namespace millrace::stage
