#include "stage/operators/count_phase.h"

#include "stage/operators/reach.h"
#include "stage/operators/split_drops.h"

namespace millrace::stage {
namespace {

/// From which position on a split's rows are dropped.
class CountDecision : public GlobalDecision {
 public:
  explicit CountDecision(std::vector<int64_t> cuts) : cuts_(std::move(cuts)) {}
  std::string MaskOf(size_t split) const override {
    return cuts_[split] == kNoPosition ? "" : std::to_string(cuts_[split]);
  }
  Result<std::unique_ptr<SplitDrops>> Open(size_t split) const override {
    return DropFrom(cuts_[split]);
  }
  nlohmann::json Told(size_t split) const override { return ToldFrom(cuts_[split]); }

 private:
  std::vector<int64_t> cuts_;
};

using BatchLook = std::function<void(const op::Reached& reached, int64_t base)>;

/// `also` looks at the batches as they are counted; may be empty.
Result<CommitRecord> CountRows(const OperatorRun& run, const OperatorSplit& split, size_t index,
                               size_t instance, const GlobalDecisions& before,
                               const std::atomic<bool>& stop, const BatchLook& also) {
  CommitRecord record;
  record.split_name = split.name;
  ARROW_RETURN_NOT_OK(ReachRows(run, split, index, instance, before, stop,
                                [&](const op::Reached& reached, int64_t base) {
                                  if (also) also(reached, base);
                                  record.rows.read += reached.rows->num_rows();
                                  return Result<bool>(true);
                                }));
  return record;
}

}  // namespace

Result<CommitRecord> SummariseCount(const OperatorRun& run, const OperatorSplit& split,
                                    size_t index, size_t instance, const GlobalDecisions& before,
                                    const std::atomic<bool>& stop) {
  return CountRows(run, split, index, instance, before, stop, {});
}

Result<std::unique_ptr<GlobalDecision>> DecideCount(const OperatorRun& run,
                                                    const std::vector<OperatorSplit>& splits,
                                                    size_t instance,
                                                    const GlobalDecisions& before) {
  const auto& op = static_cast<const op::CountFilter&>(*run.plan.chain->instances()[instance].op);
  const std::atomic<bool> never{false};
  std::vector<int64_t> cuts(splits.size(), kNoPosition);
  int64_t left = op.rows_max();
  // One after the other: behind the last row that is wanted nothing needs to be counted.
  for (size_t i = 0; i < splits.size(); ++i) {
    if (left == 0) {
      cuts[i] = 0;
      continue;
    }
    const int64_t wanted = left;
    int64_t seen = 0;
    // Counts, and finds the row behind the last one wanted where that is in this split.
    const auto count = [&](const op::Reached& reached, int64_t base) {
      const int64_t rows = reached.rows->num_rows();
      if (cuts[i] == kNoPosition && seen + rows > wanted) {
        cuts[i] = base + reached.positions->Value(wanted - seen);
      }
      seen += rows;
    };
    ARROW_ASSIGN_OR_RAISE(const CommitRecord summary,
                          SummaryOf(run, splits[i], i, instance, before, never, [&] {
                            return CountRows(run, splits[i], i, instance, before, never, count);
                          }));
    left -= std::min(left, summary.rows.read);
    if (summary.rows.read <= wanted || cuts[i] != kNoPosition) continue;
    // Counted by an earlier run or another process, which did not say where.
    ARROW_RETURN_NOT_OK(ReachRows(run, splits[i], i, instance, before, never,
                                  [&](const op::Reached& reached, int64_t base) {
                                    count(reached, base);
                                    return Result<bool>(cuts[i] == kNoPosition);
                                  }));
  }
  return std::make_unique<CountDecision>(std::move(cuts));
}

}  // namespace millrace::stage
