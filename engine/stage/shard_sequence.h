// The rows of a split into shards: cut by the number and the logical bytes of the rows since the
// split's first, wherever batches happen to end, each shard with its column profiles.
// Thread-safety: one thread; a thread per open shard and the stage's pool encode beside it.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/task_pool.h"
#include "io/parquet/background_writer.h"
#include "stage/arrow_copy.h"
#include "stage/commit_record.h"
#include "stage/fresh_rows.h"
#include "stage/shard_profiles.h"
#include "stage/stage_store.h"

namespace millrace::stage {

struct ShardSequenceOptions {
  std::string split_name;
  std::shared_ptr<arrow::Schema> schema;
  std::set<std::string> sensitive;  // columns whose values no profile may hold
  io::ShardWriterOptions writer;
  int64_t rows_per_shard = 1 << 20;
  int64_t bytes_per_shard = 0;            // logical bytes with which a shard ends; 0: any number
  int64_t queue_bytes = 8 << 20;          // of rows that wait to be written
  std::shared_ptr<FreshRows> fresh_rows;  // holds what is written; may be null
  bool arrow_copies = false;              // beside each shard (arrow_copy.h)
};

class ShardSequence {
 public:
  /// `place` and `pool` must outlive it.
  ShardSequence(const StageStore& place, TaskPool* pool, ShardSequenceOptions options);
  ~ShardSequence();

  /// `position_of`: of a row of the batch, its position in the split; ascending. `profile`: of the
  /// batch, where there is one already.
  Status Add(const std::shared_ptr<arrow::RecordBatch>& rows,
             const std::function<int64_t(int64_t row)>& position_of,
             const TableProfiler* profile = nullptr);

  /// A shard without rows, where there are none. REQUIRES: nothing was added.
  Status AddEmpty() { return OpenShard(0); }

  struct Finished {
    std::vector<Shard> shards;  // paths relative to the stage's folder
    io::DataFile profile;
  };
  Result<Finished> Finish();

 private:
  /// A shard that rows go to, or one that has all its rows and is being made durable.
  struct OpenedShard {
    Shard entry;
    std::unique_ptr<io::BackgroundWriter> writer;
    std::unique_ptr<TableProfiler> profile;
    std::unique_ptr<FreshRows::Shard> fresh;
    std::unique_ptr<ArrowCopy> copy;  // null: none is wanted
  };

  bool CutByBytes(const arrow::RecordBatch& rows, int64_t* count);
  Status OpenShard(int64_t first_position);
  Status Write(const std::shared_ptr<arrow::RecordBatch>& rows, const TableProfiler* profile);
  void FinishShard();
  Status CollectShard();

  const StageStore& place_;
  TaskPool* pool_;
  const ShardSequenceOptions options_;
  int64_t rows_ = 0, bytes_ = 0;  // of the open shard; bytes where they cut
  std::vector<Shard> shards_;
  std::unique_ptr<OpenedShard> shard_;
  std::deque<std::unique_ptr<OpenedShard>> finishing_;  // in row order
  ShardProfiles profiles_;
};

/// The number of rows that a Parquet file of the store says it has.
Result<int64_t> StoredRows(io::Store& store, const std::string& key);

}  // namespace millrace::stage
