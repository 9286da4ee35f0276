// Some columns of one committed shard, batch by batch.
// Thread-safety: one thread.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "io/data_file.h"
#include "io/store.h"
#include "stage/row_reader.h"

namespace parquet::arrow {
class FileReader;
}

namespace millrace::stage {

class ShardRows : public RowReader {
 public:
  /// `columns` are top-level names, which every batch then has. `shard.path` is a key of the store.
  /// Reading begins at `first_row`. WorkspaceDamaged when the file is not what was committed or
  /// lacks one of them. A batch also has those of `if_there` that the file has.
  static Result<std::unique_ptr<ShardRows>> Open(io::Store& store, const io::DataFile& shard,
                                                 const std::vector<std::string>& columns,
                                                 int64_t first_row = 0,
                                                 const std::vector<std::string>& if_there = {});
  ~ShardRows() override;
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;

 private:
  ShardRows() = default;
  std::string path_;
  int64_t skip_ = 0;  // rows that are read before the first one wanted
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> reader_;
};

}  // namespace millrace::stage
