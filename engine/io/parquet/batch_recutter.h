// Batches in any sizes in, batches cut at fixed places out: the places depend on the rows alone.
// A batch ends after so many rows, or after the first row with which its logical bytes reach
// `bytes_max`, whichever comes first.
#pragma once

#include <arrow/record_batch.h>

#include <deque>
#include <memory>
#include <vector>

#include "base/status.h"

namespace millrace::io {

/// The fewest rows from the batch's start whose logical bytes reach `bytes`. REQUIRES: all rows do.
int64_t RowsReaching(const arrow::RecordBatch& batch, int64_t bytes);

class BatchRecutter {
 public:
  explicit BatchRecutter(int64_t bytes_max) : bytes_max_(bytes_max) {}

  /// `bytes` are the batch's LogicalBytes.
  void Add(std::shared_ptr<arrow::RecordBatch> batch, int64_t bytes);
  /// The next batch of `rows_max` rows (or the bytes) as the slices it is made of; none when more
  /// rows are needed. With `end`, what is left comes as the last batch.
  struct Cut {
    std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
    int64_t rows = 0, bytes = 0;
  };
  Cut Next(int64_t rows_max, bool end);

 private:
  Cut Take(int64_t rows);
  int64_t RowsToReachBytes() const;

  int64_t bytes_max_;
  struct Piece {
    std::shared_ptr<arrow::RecordBatch> batch;
    int64_t bytes;
  };
  std::deque<Piece> pieces_;
  int64_t rows_ = 0, bytes_ = 0;
};

}  // namespace millrace::io
