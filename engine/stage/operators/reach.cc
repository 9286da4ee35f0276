#include "stage/operators/reach.h"

#include "base/sha256.h"
#include "stage/identity.h"
#include "stage/operators/split_rows.h"
#include "stage/ordered_tasks.h"

namespace millrace::stage {
namespace {

constexpr int64_t kCostPerByte = 4;

struct ReachedBatch {
  op::Reached reached;
  int64_t base = 0;
};

}  // namespace

Status ReachRows(const OperatorRun& run, const OperatorSplit& split, size_t index, size_t instance,
                 const GlobalDecisions& before, const std::atomic<bool>& stop,
                 const ReachedSink& sink) {
  const op::Chain& chain = *run.plan.chain;
  ARROW_ASSIGN_OR_RAISE(auto drops, OpenDrops(before, index));
  ARROW_ASSIGN_OR_RAISE(const auto rows, OpenSplit(run.place.store(), run.plan, split,
                                                   chain.input(), chain.ColumnsFor(instance)));
  int64_t base = 0;
  bool at_end = false, wanted = true;
  OrderedTasks<ReachedBatch> tasks(run.pool);
  while (wanted && !(at_end && tasks.empty())) {
    if (run.cancelled() || stop) return Status::Cancelled("cancelled; running again resumes");
    if (!tasks.empty() && (at_end || tasks.cost() >= run.in_flight_bytes)) {
      ARROW_ASSIGN_OR_RAISE(const ReachedBatch done, tasks.Take());
      ARROW_ASSIGN_OR_RAISE(wanted, sink(done.reached, done.base));
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
              [&chain, batch, base, of_batch, instance]() -> Result<ReachedBatch> {
                ARROW_ASSIGN_OR_RAISE(op::Reached reached, chain.Reach(*batch, instance, of_batch));
                return ReachedBatch{std::move(reached), base};
              });
    base += batch->num_rows();
  }
  return Status::OK();
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

}  // namespace millrace::stage
