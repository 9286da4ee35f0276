#include "stage/ingest_units.h"

#include "stage/identity.h"
#include "stage/split_runner.h"
#include "stage/stage_context.h"

namespace millrace::stage {
namespace {

class Units : public IngestUnits {
 public:
  Units(IngestPlan plan, RunContext context, const MemoryShares& memory)
      : plan_(std::move(plan)),
        context_(std::move(context)),
        hashes_(*context_.workspace, WallClockNs, context_.input.check_unchanged,
                context_.cancelled),
        pool_(context_.limits.threads),
        stage_(plan_, context_, IngestFolder(plan_), memory, hashes_, pool_) {}

  Status Fill() {
    ARROW_RETURN_NOT_OK(stage_.Fill());
    return PlanSplits(plan_).Value(&splits_);
  }

  Result<std::string> Perform(const UnitCall& call) override {
    ARROW_RETURN_NOT_OK(CheckFolder(call, stage_.place.folder()));
    if (call.kind != UnitKind::kIngest || call.index >= splits_.size()) {
      return OtherPlan(call, std::to_string(splits_.size()) + " splits, of which " +
                                 std::to_string(call.index) + " was asked for");
    }
    const Split& split = splits_[call.index];
    const std::string name = SplitName(plan_, split);
    if (name != call.name) return OtherPlan(call, "split " + name + " instead of " + call.name);
    const std::atomic<bool> never{false};
    ARROW_ASSIGN_OR_RAISE(const CommitRecord record, ReadSplit(stage_, split, never));
    return record.split_id;
  }

 private:
  const IngestPlan plan_;
  const RunContext context_;
  FileHashes hashes_;
  TaskPool pool_;
  StageContext stage_;
  std::vector<Split> splits_;
};

}  // namespace

Result<std::unique_ptr<IngestUnits>> IngestUnits::Open(IngestPlan plan, RunContext context) {
  ARROW_ASSIGN_OR_RAISE(const MemoryShares memory, DivideMemory(plan, context.limits));
  // A worker sees no more than its own rejects: the driver counts all.
  for (IngestSource& source : plan.sources) source.limits = {};
  auto units = std::make_unique<Units>(std::move(plan), std::move(context), memory);
  ARROW_RETURN_NOT_OK(units->Fill());
  return units;
}

}  // namespace millrace::stage
