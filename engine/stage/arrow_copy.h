// The rows of a shard once more, as an Arrow stream file that readers map into memory instead of
// decoding the shard: `datasets/<sha256 of the shard>.arrow`, without the reserved columns, and
// beside it a note (spec/workspace.md). It can be made of the shard at any time: what goes wrong
// here, or would take the last of the disk, ends the copy and nothing else.
// Thread-safety: one thread.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <vector>

#include "io/data_file.h"
#include "io/store.h"

namespace arrow::ipc {
class RecordBatchWriter;
}

namespace millrace::io {
class FileSink;
}

namespace millrace::stage {

class ArrowCopy {
 public:
  /// The store must outlive it and be of the local disk. `schema`: of the shard.
  ArrowCopy(io::Store& store, const arrow::Schema& schema);
  ~ArrowCopy();

  void Add(const arrow::RecordBatch& rows);
  /// The shard is committed; its path is its key.
  void Keep(const io::DataFile& shard);

 private:
  Status Open();
  /// False: there can be no copy of these.
  Result<bool> Take(const arrow::RecordBatch& rows);
  Status WriteWaiting();
  Status Commit(const io::DataFile& shard);
  void Drop();

  io::Store& store_;
  std::vector<int> columns_;  // that are copied
  std::shared_ptr<arrow::Schema> schema_;
  arrow::RecordBatchVector waiting_;  // small ones, to be written as one
  int64_t waiting_rows_ = 0, waiting_bytes_ = 0;
  std::shared_ptr<io::FileSink> sink_;                     // null: there will be no copy
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;  // likewise
};

}  // namespace millrace::stage
