// The rows of a split, batch by batch, in the columns that a chain takes: those of neighbouring
// shards, or those that a mixture draws. They come from memory, from a file of the workspace, or
// from where they stayed (rows_in_place.h).
// Thread-safety: one thread.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "stage/operators/operator_run.h"
#include "stage/operators/operator_splits.h"
#include "stage/row_reader.h"

namespace millrace::stage {

struct SplitBatch {
  std::shared_ptr<arrow::RecordBatch> rows;  // null at the end
  int64_t repeated = 0;                      // rows of them that were drawn before
  std::vector<uint8_t> inputs = {};          // of a mixture: the input of each row
};

class SplitReader {
 public:
  virtual ~SplitReader() = default;
  virtual Result<SplitBatch> Next() = 0;
};

/// `columns`: those to read; the others of the schema come as nulls. Empty: all.
/// REQUIRES: the calling thread is none of the run's pool, and so for all that follows.
Result<std::unique_ptr<SplitReader>> OpenSplit(const OperatorRun& run, const OperatorSplit& split,
                                               std::shared_ptr<arrow::Schema> schema,
                                               std::vector<std::string> columns = {});

/// Rows of neighbouring shards of an input.
class ShardRange {
 public:
  /// The shards [begin, end) of the input, from `first_row` of the first one on.
  ShardRange(const OperatorRun& run, const StageInput& input, size_t begin, size_t end,
             int64_t first_row, std::shared_ptr<arrow::Schema> schema,
             std::vector<std::string> columns);

  /// Null at the end. WorkspaceDamaged when a shard is not what was committed, FileChanged when
  /// rows stayed in a file that is not what was ingested.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();

 private:
  Result<std::unique_ptr<RowReader>> Open(const io::DataFile& file, int64_t first_row) const;
  Result<std::shared_ptr<arrow::RecordBatch>> AsDeclared(const arrow::RecordBatch& rows) const;

  const OperatorRun& run_;
  const StageInput& input_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::string> columns_;
  size_t next_, end_;                // shards to open
  int64_t first_row_;                // of the next one
  int64_t left_ = 0;                 // rows of the open one
  std::unique_ptr<RowReader> rows_;  // of the open one
};

}  // namespace millrace::stage
