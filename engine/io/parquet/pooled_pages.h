// A Parquet file whose pages are compressed on a pool: while Arrow's writer encodes the next
// values, earlier pages of the same column are compressed beside each other. A column of long texts
// is most of its table, and is not bound to one core so. The bytes are those of Arrow's own writer.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>

#include <memory>

#include "base/status.h"
#include "base/task_pool.h"

namespace millrace::io {

/// Pages of one file that are under way. Thread-safety: those of its file's writer.
class PooledPages {
 public:
  virtual ~PooledPages() = default;
  /// Hands on what is compressed, and waits until no more than `bytes` are not. REQUIRES: no write
  /// to the file is under way.
  virtual Status Settle(int64_t bytes) = 0;
};

struct PooledFile {
  std::unique_ptr<parquet::arrow::FileWriter> writer;  // row groups are buffered ones
  PooledPages* pages = nullptr;                        // the writer's
};

/// As parquet::arrow::FileWriter::Open. Closing the writer or a row group waits for its pages;
/// `pool` must outlive them, and neither is done by one of its threads.
Result<PooledFile> OpenPooledFile(const arrow::Schema& schema,
                                  std::shared_ptr<arrow::io::OutputStream> sink,
                                  std::shared_ptr<parquet::WriterProperties> properties,
                                  std::shared_ptr<parquet::ArrowWriterProperties> arrow_properties,
                                  TaskPool* pool);

}  // namespace millrace::io
