#include "stage/split_queue.h"

#include "stage/identity.h"
#include "stage/ordered_queue.h"
#include "stage/reject_writer.h"
#include "stage/split_runner.h"

namespace millrace::stage {
namespace {

class SplitQueue {
 public:
  SplitQueue(const StageContext& stage, const std::vector<Split>& splits)
      : stage_(stage), splits_(splits), records_(splits.size()) {}

  Result<std::vector<CommitRecord>> Run() {
    size_t failed = 0;
    const Status status = RunInOrder(
        splits_.size(), stage_.run.perform ? stage_.run.units_at_once : stage_.memory.active_splits,
        [this](size_t index, const std::atomic<bool>& stop) {
          ARROW_ASSIGN_OR_RAISE(SplitResult result, RunSplit(stage_, splits_[index], index, stop));
          ARROW_RETURN_NOT_OK(Report(index, result));
          records_[index] = std::move(result.record);
          return Status::OK();
        },
        &failed);
    if (status.ok()) return std::move(records_);
    if (CodeOf(status) == ErrorCode::kRejectBudget) TellSpentBudget(failed);
    return status;
  }

 private:
  // What is known of the source: the splits that were done, and the one that went over.
  void TellSpentBudget(size_t failed) const {
    if (stage_.run.spent_budget == nullptr) return;
    const std::string last = SplitName(stage_.plan, splits_[failed]);
    SpentBudget budget = stage_.spent_budgets.Of(last);
    std::vector<io::DataFile> files;
    for (const CommitRecord& record : records_) {
      if (record.source != budget.source || record.split_name == last) continue;
      AddRejectCounts(record.rejects, &budget.rejects);
      files.insert(files.end(), record.reject_files.begin(), record.reject_files.end());
    }
    files.insert(files.end(), budget.reject_files.begin(), budget.reject_files.end());
    budget.reject_files = std::move(files);
    *stage_.run.spent_budget = std::move(budget);
  }

  Status Report(size_t index, const SplitResult& result) {
    Progress* progress = stage_.run.progress;
    const RowEquation& rows = result.record.rows;
    // Those that were worked on here told of their rows on the way.
    const bool told = !result.skipped && !result.elsewhere;
    if (progress != nullptr) {
      ++progress->splits_done;
      progress->splits_skipped += result.skipped;
      if (!told) {
        progress->bytes_read += splits_[index].bytes;
        progress->rows_read += rows.read;
        progress->rows_written += rows.written;
        progress->rows_rejected += rows.rejected;
      }
    }
    if (!told)
      stage_.rejects_by_source[static_cast<size_t>(splits_[index].source)] += rows.rejected;
    stage_.Event(result.skipped ? "split_skipped" : "split_committed",
                 {{"stage", "ingest"},
                  {"split", result.record.split_name},
                  {"rows", std::to_string(rows.written)}});
    stage_.splits_skipped += result.skipped;
    if (result.skipped || !stage_.run.on_stage_event) return Status::OK();
    StageEvent event;
    event.kind = StageEvent::Kind::kPartitionEnd;
    event.stage = "ingest";
    event.split = result.record.split_name;
    event.rows = rows;
    event.splits = static_cast<int64_t>(splits_.size());
    return stage_.run.on_stage_event(event);
  }

  const StageContext& stage_;
  const std::vector<Split>& splits_;
  std::vector<CommitRecord> records_;
};

}  // namespace

Result<std::vector<CommitRecord>> RunSplits(const StageContext& stage,
                                            const std::vector<Split>& splits) {
  return SplitQueue(stage, splits).Run();
}

}  // namespace millrace::stage
