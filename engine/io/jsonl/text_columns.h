// Cells of records, row by row, into utf8 columns.
// Thread-safety: none.
#pragma once

#include <arrow/buffer.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "io/jsonl/record_walker.h"

namespace millrace::io {

class TextColumns {
 public:
  explicit TextColumns(size_t columns) : columns_(columns) {}

  /// `cells` holds `rows` rows of one cell per column; `share_done` (0..1] is how much of the chunk
  /// they complete, from which the room for the rest is estimated.
  Status Append(const std::vector<JsonCell>& cells, int64_t rows, double share_done);
  Result<std::shared_ptr<arrow::RecordBatch>> Finish(const std::shared_ptr<arrow::Schema>& schema);

 private:
  struct Column {
    std::shared_ptr<arrow::ResizableBuffer> data, offsets, validity;
    int64_t data_bytes = 0;
    int64_t nulls = 0;
  };
  Status Append(Column* column, const JsonCell* cells, size_t stride, int64_t rows,
                double share_done);

  std::vector<Column> columns_;
  int64_t rows_ = 0;
};

}  // namespace millrace::io
