// Rows that a run has committed, batch by batch, whatever holds them.
#pragma once

#include <arrow/record_batch.h>

#include <memory>

#include "base/status.h"

namespace millrace::stage {

/// Thread-safety: one thread.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// Null at the end.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
};

/// A column as its contract or chain has it: Parquet has no seconds, so such columns of shards come
/// back as milliseconds.
Result<std::shared_ptr<arrow::Array>> AsDeclared(std::shared_ptr<arrow::Array> column,
                                                 const std::shared_ptr<arrow::DataType>& type);

/// The first rows of a batch that is in memory, from `row` on: as many as are read at a time, for
/// what works on a batch needs a multiple of it. REQUIRES: there are some.
std::shared_ptr<arrow::RecordBatch> PieceOf(const arrow::RecordBatch& batch, int64_t row);

}  // namespace millrace::stage
