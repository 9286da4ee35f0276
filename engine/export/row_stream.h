// The committed rows of an export's input, read back in order and in pieces.
// Thread-safety: one thread.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <vector>

#include "base/status.h"
#include "export/export.h"

namespace parquet::arrow {
class FileReader;
}

namespace millrace::exporting {

class RowStream {
 public:
  /// `columns` are top-level positions in the shards' schema, in the order wanted.
  RowStream(const ExportInput& input, std::vector<int> columns);
  ~RowStream();

  /// At most `rows_max` rows, null at the end. WorkspaceDamaged when a shard is not what was
  /// committed.
  Result<std::shared_ptr<arrow::RecordBatch>> Next(int64_t rows_max);

 private:
  Status OpenNextShard();
  Status Refill();

  const ExportInput& input_;
  std::vector<int> columns_;
  size_t next_shard_ = 0;
  int64_t rows_left_in_shard_ = 0;
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> reader_;
  std::shared_ptr<arrow::RecordBatch> batch_;
};

/// The schema of the shards, from the first one, or `input.schema` where there is none.
Result<std::shared_ptr<arrow::Schema>> SchemaOfInput(const ExportInput& input);
/// WorkspaceDamaged unless every shard is there with the size that was committed.
Status CheckShards(const ExportInput& input);

}  // namespace millrace::exporting
