#include "io/parquet/batch_recutter.h"

#include <algorithm>

#include "io/parquet/shard_writer.h"

namespace millrace::io {

int64_t RowsReaching(const arrow::RecordBatch& batch, int64_t bytes) {
  int64_t low = 1, high = batch.num_rows();
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (LogicalBytes(*batch.Slice(0, middle)) >= bytes) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

void BatchRecutter::Add(std::shared_ptr<arrow::RecordBatch> batch, int64_t bytes) {
  if (batch->num_rows() == 0) return;
  rows_ += batch->num_rows();
  bytes_ += bytes;
  pieces_.push_back(Piece{std::move(batch), bytes});
}

int64_t BatchRecutter::RowsToReachBytes() const {
  int64_t rows = 0, bytes = 0;
  for (const Piece& piece : pieces_) {
    if (bytes + piece.bytes >= bytes_max_)
      return rows + RowsReaching(*piece.batch, bytes_max_ - bytes);
    rows += piece.batch->num_rows();
    bytes += piece.bytes;
  }
  return rows;
}

BatchRecutter::Cut BatchRecutter::Next(int64_t rows_max, bool end) {
  if (rows_ == 0 || (!end && rows_ < rows_max && bytes_ < bytes_max_)) return {};
  int64_t rows = std::min(rows_, rows_max);
  if (bytes_ >= bytes_max_) rows = std::min(rows, RowsToReachBytes());
  return Take(rows);
}

BatchRecutter::Cut BatchRecutter::Take(int64_t rows) {
  Cut cut;
  cut.rows = rows;
  rows_ -= rows;
  while (rows > 0) {
    Piece& piece = pieces_.front();
    const int64_t here = std::min(rows, piece.batch->num_rows());
    if (here == piece.batch->num_rows()) {
      cut.bytes += piece.bytes;
      cut.slices.push_back(std::move(piece.batch));
      pieces_.pop_front();
    } else {
      cut.slices.push_back(piece.batch->Slice(0, here));
      const int64_t bytes = LogicalBytes(*cut.slices.back());
      cut.bytes += bytes;
      piece.batch = piece.batch->Slice(here);
      piece.bytes -= bytes;
    }
    rows -= here;
  }
  bytes_ -= cut.bytes;
  return cut;
}

}  // namespace millrace::io
