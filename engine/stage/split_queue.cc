#include "stage/split_queue.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <thread>

#include "stage/identity.h"
#include "stage/reject_writer.h"
#include "stage/split_runner.h"

namespace millrace::stage {
namespace {

/// Splits are taken in row order. After a failure no later split is taken and running ones behind
/// it are stopped; those before it go on, for one of them may hold the error that comes first.
class SplitQueue {
 public:
  SplitQueue(const StageContext& stage, const std::vector<Split>& splits)
      : stage_(stage),
        splits_(splits),
        records_(splits.size()),
        failed_(splits.size()),
        stops_(std::make_unique<std::atomic<bool>[]>(splits.size())) {}

  Result<std::vector<CommitRecord>> Run() {
    const size_t drivers =
        std::min(splits_.size(), static_cast<size_t>(stage_.memory.active_splits));
    std::vector<std::thread> threads;
    for (size_t i = 1; i < drivers; ++i) threads.emplace_back([this] { Drive(); });
    Drive();
    for (std::thread& thread : threads) thread.join();
    if (failed_ < splits_.size()) {
      if (CodeOf(error_) == ErrorCode::kRejectBudget) TellSpentBudget();
      return error_;
    }
    return std::move(records_);
  }

 private:
  void Drive() {
    for (;;) {
      size_t index;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        if (next_ >= failed_) return;  // also the end: failed_ starts behind the last split
        index = next_++;
      }
      Result<SplitResult> result = RunSplit(stage_, splits_[index], stops_[index]);
      if (result.ok()) {
        Report(index, *result);
        records_[index] = std::move(result->record);
      } else {
        Fail(index, result.status());
      }
    }
  }

  void Fail(size_t index, const Status& error) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (index >= failed_) return;  // stopped because of an earlier split's error
    failed_ = index;
    error_ = error;
    for (size_t i = index + 1; i < next_; ++i) stops_[i] = true;
  }

  // What is known of the source: the splits that were done, and the one that went over.
  void TellSpentBudget() const {
    if (stage_.run.spent_budget == nullptr) return;
    const std::string last = SplitName(stage_.plan, splits_[failed_]);
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

  void Report(size_t index, const SplitResult& result) {
    Progress* progress = stage_.run.progress;
    const RowEquation& rows = result.record.rows;
    if (progress != nullptr) {
      ++progress->splits_done;
      if (result.skipped) {
        ++progress->splits_skipped;
        progress->bytes_read += splits_[index].bytes;
        progress->rows_read += rows.read;
        progress->rows_written += rows.written;
        progress->rows_rejected += rows.rejected;
      }
    }
    if (result.skipped)
      stage_.rejects_by_source[static_cast<size_t>(splits_[index].source)] += rows.rejected;
    stage_.Event(result.skipped ? "split_skipped" : "split_committed",
                 {{"split", result.record.split_name}, {"rows", std::to_string(rows.written)}});
  }

  const StageContext& stage_;
  const std::vector<Split>& splits_;
  std::vector<CommitRecord> records_;
  std::mutex mutex_;
  size_t next_ = 0, failed_;
  Status error_;
  std::unique_ptr<std::atomic<bool>[]> stops_;
};

}  // namespace

Result<std::vector<CommitRecord>> RunSplits(const StageContext& stage,
                                            const std::vector<Split>& splits) {
  if (splits.empty()) return std::vector<CommitRecord>();
  return SplitQueue(stage, splits).Run();
}

}  // namespace millrace::stage
