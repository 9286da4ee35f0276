// The rows of a split, batch by batch, in the columns that a chain takes.
// Thread-safety: one thread.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "stage/operators/operator_splits.h"
#include "stage/shard_rows.h"

namespace millrace::stage {

class SplitRows {
 public:
  /// `columns`: those to read; the others of the schema come as nulls. Empty: all.
  SplitRows(io::Store& store, const StageInput& input, const OperatorSplit& split,
            std::shared_ptr<arrow::Schema> schema, std::vector<std::string> columns = {});

  /// Null at the end. WorkspaceDamaged when a shard is not what was committed.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> AsDeclared(const arrow::RecordBatch& rows) const;

  io::Store& store_;
  const StageInput& input_;
  const OperatorSplit& split_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::string> columns_;
  size_t next_ = 0;   // shard to open
  int64_t left_ = 0;  // rows of the open one
  std::unique_ptr<ShardRows> shard_;
};

}  // namespace millrace::stage
