#include "stage/operators/count_phase.h"

#include <limits>

#include "stage/operators/reach.h"

namespace millrace::stage {
namespace {

constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

class CutDrops : public SplitDrops {
 public:
  explicit CutDrops(int64_t cut) : cut_(cut) {}
  Result<op::GlobalDrops> Next(int64_t rows) override {
    op::GlobalDrops drops;
    if (cut_ != kNone) drops.from = std::max<int64_t>(cut_ - base_, 0);
    base_ += rows;
    return drops;
  }

 private:
  int64_t cut_, base_ = 0;
};

/// From which position on a split's rows are dropped.
class CountDecision : public GlobalDecision {
 public:
  explicit CountDecision(std::vector<int64_t> cuts) : cuts_(std::move(cuts)) {}
  std::string MaskOf(size_t split) const override {
    return cuts_[split] == kNone ? "" : std::to_string(cuts_[split]);
  }
  Result<std::unique_ptr<SplitDrops>> Open(size_t split) const override {
    return std::make_unique<CutDrops>(cuts_[split]);
  }

 private:
  std::vector<int64_t> cuts_;
};

}  // namespace

Result<std::unique_ptr<GlobalDecision>> DecideCount(const OperatorRun& run,
                                                    const std::vector<OperatorSplit>& splits,
                                                    size_t instance,
                                                    const GlobalDecisions& before) {
  const auto& op = static_cast<const op::CountFilter&>(*run.plan.chain->instances()[instance].op);
  const std::atomic<bool> never{false};
  std::vector<int64_t> cuts(splits.size(), kNone);
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
      if (cuts[i] == kNone && seen + rows > wanted) {
        cuts[i] = base + reached.positions->Value(wanted - seen);
      }
      seen += rows;
    };
    ARROW_ASSIGN_OR_RAISE(
        const CommitRecord summary,
        Summary(run, SummaryId(run, splits[i], i, instance, before), [&]() -> Result<CommitRecord> {
          CommitRecord record;
          record.split_name = splits[i].name;
          ARROW_RETURN_NOT_OK(ReachRows(run, splits[i], i, instance, before, never,
                                        [&](const op::Reached& reached, int64_t base) {
                                          count(reached, base);
                                          return Result<bool>(true);
                                        }));
          record.rows.read = seen;
          return record;
        }));
    left -= std::min(left, summary.rows.read);
    if (summary.rows.read <= wanted || cuts[i] != kNone) continue;
    // Counted by an earlier run, which did not say where.
    ARROW_RETURN_NOT_OK(ReachRows(run, splits[i], i, instance, before, never,
                                  [&](const op::Reached& reached, int64_t base) {
                                    count(reached, base);
                                    return Result<bool>(cuts[i] == kNone);
                                  }));
  }
  return std::make_unique<CountDecision>(std::move(cuts));
}

}  // namespace millrace::stage
