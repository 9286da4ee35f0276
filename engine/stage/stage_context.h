// What everything that works on one execution of the ingest stage shares. Internal to this room.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/task_pool.h"
#include "stage/chunk_task.h"
#include "stage/file_hashes.h"
#include "stage/ingest.h"
#include "stage/split.h"
#include "stage/stage_store.h"

namespace millrace::stage {

/// How the memory limit is divided. Never changes a result, only how much is done at once.
struct MemoryShares {
  int active_splits = 1;
  int64_t in_flight_bytes = 0;     // of parsed batches per active split
  int64_t writer_queue_bytes = 0;  // of checked rows that wait to be written, likewise
  int64_t merge_bytes = 0;         // of the comparison of keys
};

/// `page_bytes`: of the largest page that a split reads; fewer splits at once leave room for it.
/// MemoryLimit when there is not enough for one split of pages of a usual size.
Result<MemoryShares> DivideMemory(const IngestPlan& plan, const RunLimits& limits,
                                  int64_t page_bytes = 0);

/// The rejects of the splits that went over a budget, by the split's name.
/// Thread-safety: any thread.
class SpentBudgets {
 public:
  void Add(const std::string& split_name, SpentBudget budget) {
    std::lock_guard<std::mutex> lock(mutex_);
    by_split_[split_name] = std::move(budget);
  }
  SpentBudget Of(const std::string& split_name) const {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = by_split_.find(split_name);
    return found == by_split_.end() ? SpentBudget() : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, SpentBudget> by_split_;
};

/// Nanoseconds since 1970: what FileHashes takes.
int64_t WallClockNs();

struct StageContext {
  StageContext(const IngestPlan& ingest_plan, const RunContext& context, std::string stage_folder,
               const MemoryShares& shares, FileHashes& file_hashes, TaskPool& task_pool)
      : plan(ingest_plan),
        run(context),
        input(context.input),
        place(*context.workspace, std::move(stage_folder)),
        memory(shares),
        hashes(file_hashes),
        pool(task_pool) {}

  const IngestPlan& plan;
  const RunContext& run;
  const InputAccess& input;
  StageStore place;
  std::vector<ChunkWork> tables;  // per contract; schemas with the row id
  MemoryShares memory;
  FileHashes& hashes;
  TaskPool& pool;
  bool resumes = false;  // there are commits already
  std::unique_ptr<std::atomic<int64_t>[]> rejects_by_source;
  mutable SpentBudgets spent_budgets;
  mutable std::atomic<int64_t> splits_skipped{0};

  io::Store& store() const { return place.store(); }
  std::string Key(const std::string& path) const { return place.Key(path); }
  std::string PathOf(const std::string& key) const { return place.PathOf(key); }
  const IngestSource& SourceOf(const Split& split) const {
    return plan.sources[static_cast<size_t>(split.source)];
  }
  const ChunkWork& TableOf(const Split& split) const { return tables[ContractOf(split)]; }
  size_t ContractOf(const Split& split) const {
    return static_cast<size_t>(SourceOf(split).contract);
  }

  /// How rejects of a table are kept: as they are where nothing in it is sensitive.
  RejectPrivacy PrivacyOf(const ChunkWork& table) const {
    return table.sensitive.empty() ? RejectPrivacy() : plan.privacy;
  }

  /// What the plan and the workspace say; before anything else is asked of it.
  Status Fill();

  bool cancelled() const { return run.cancelled != nullptr && *run.cancelled; }
  void Event(const std::string& event, const std::map<std::string, std::string>& fields) const {
    if (run.attempt_event) run.attempt_event(event, fields);
  }
};

}  // namespace millrace::stage
