#include "stage/operators/operator_units.h"

#include "stage/operators/global_phase.h"
#include "stage/operators/input_amounts.h"
#include "stage/operators/mixture_order.h"
#include "stage/operators/operator_run.h"
#include "stage/operators/partition_run.h"
#include "stage/operators/reach.h"
#include "stage/operators/regroup.h"
#include "stage/operators/split_drops.h"

namespace millrace::stage {
namespace {

class Units : public OperatorUnits {
 public:
  Units(OperatorPlan plan, RunContext context)
      : plan_(std::move(plan)), context_(std::move(context)), pool_(context_.limits.threads) {}

  Status Open() {
    ARROW_ASSIGN_OR_RAISE(OperatorRun run, OpenOperatorRun(plan_, context_, pool_));
    run.resumes = true;  // what a worker that is gone has committed is not made again
    run_ = std::make_unique<OperatorRun>(std::move(run));
    return Status::OK();
  }

  Result<std::string> Perform(const UnitCall& call) override {
    ARROW_RETURN_NOT_OK(CheckFolder(call, run_->place.folder()));
    switch (call.kind) {
      case UnitKind::kIngest:
        break;
      case UnitKind::kMeasure:
        return Measure(call);
      case UnitKind::kSummarise:
      case UnitKind::kApply:
        return OfSplit(call);
      case UnitKind::kPartition:
        return Partition(call);
      case UnitKind::kJoin: {
        ARROW_ASSIGN_OR_RAISE(const Joined joined, JoinedFromJson(*run_, call.detail));
        return Commit(call, JoinUnit(*run_, joined, never_));
      }
    }
    return OtherPlan(call, "it is no stage that reads sources");
  }

 private:
  Result<std::string> Commit(const UnitCall& call, const UnitOfWork& unit) const {
    if (unit.id != call.id) {
      return OtherPlan(call, call.name + " is " + unit.id + " instead of " + call.id);
    }
    ARROW_ASSIGN_OR_RAISE(const OperatorSplitResult done, CommittedUnit(*run_, unit, never_));
    return done.record.split_id;
  }

  Result<std::string> Measure(const UnitCall& call) const {
    if (!plan_.mixture || call.instance >= plan_.inputs.size()) {
      return OtherPlan(call, "it has no mixture of that input");
    }
    const auto splits = PlanInputSplits(plan_, call.instance);
    if (call.index >= splits.size()) return OtherPlan(call, "it has fewer splits");
    return Commit(call, MeasureUnit(*run_, *plan_.mixture, splits[call.index], never_));
  }

  // The splits of the stage, once what they rest on is committed.
  Status KnowSplits() {
    if (!splits_.empty()) return Status::OK();
    if (plan_.mixture && plan_.mixture->order == nullptr) {
      ARROW_RETURN_NOT_OK(OrderByAmounts(*run_, &*plan_.mixture));
    }
    splits_ = PlanOperatorSplits(plan_);
    return Status::OK();
  }

  Result<std::string> OfSplit(const UnitCall& call) {
    ARROW_RETURN_NOT_OK(KnowSplits());
    if (call.index >= splits_.size()) return OtherPlan(call, "it has fewer splits");
    const OperatorSplit& split = splits_[call.index];
    if (split.name != call.name) {
      return OtherPlan(call, "split " + split.name + " instead of " + call.name);
    }
    GlobalDecisions decisions;
    for (const std::string& told : call.decisions) {
      ARROW_ASSIGN_OR_RAISE(decisions.emplace_back(), DecisionFromTold(told, run_->place.store()));
    }
    const bool applies = call.kind == UnitKind::kApply;
    if (!applies && call.instance >= plan_.chain->instances().size()) {
      return OtherPlan(call, "its chain is shorter");
    }
    const std::string id = applies ? AppliedId(split, call.index, decisions)
                                   : SummaryId(*run_, split, call.index, call.instance, decisions);
    if (id != call.id) return OtherPlan(call, call.name + " is " + id + " instead of " + call.id);
    if (!applies) {
      ARROW_ASSIGN_OR_RAISE(const CommitRecord record,
                            SummaryOf(*run_, split, call.index, call.instance, decisions, never_));
      return record.split_id;
    }
    ARROW_ASSIGN_OR_RAISE(const OperatorSplitResult done,
                          RunOperatorSplit(*run_, split, call.index, decisions,
                                           /*is_missing=*/false, never_));
    return done.record.split_id;
  }

  Result<std::string> Partition(const UnitCall& call) {
    if (partitions_ == nullptr || list_ != call.detail) {
      partitions_.reset();
      list_ = call.detail;
      ARROW_ASSIGN_OR_RAISE(firsts_, CommitsOfList(*run_, list_));
      ARROW_ASSIGN_OR_RAISE(partitions_, Partitions::Open(*run_, firsts_));
    }
    if (call.index >= partitions_->count()) return OtherPlan(call, "it has fewer parts");
    return Commit(call, partitions_->UnitOf(call.index, never_));
  }

  OperatorPlan plan_;
  const RunContext context_;
  TaskPool pool_;
  const std::atomic<bool> never_{false};
  std::unique_ptr<OperatorRun> run_;
  std::vector<OperatorSplit> splits_;
  // Of a stage that orders its rows: its splits, and the list that named them.
  std::string list_;
  std::vector<CommitRecord> firsts_;
  std::unique_ptr<const Partitions> partitions_;
};

}  // namespace

Result<std::unique_ptr<OperatorUnits>> OperatorUnits::Open(OperatorPlan plan, RunContext context) {
  MILLRACE_CHECK(context.workspace != nullptr);
  auto units = std::make_unique<Units>(std::move(plan), std::move(context));
  ARROW_RETURN_NOT_OK(units->Open());
  return units;
}

}  // namespace millrace::stage
