// Parquet out, one shard at a time, with bytes that depend on the rows alone: whatever batches
// arrive, they are re-cut to fixed batches counted from the shard's first row, and row groups are
// cut by rows and logical Arrow bytes, never by compressed size.
//
// Thread-safety: one thread per writer, which is none of the pool's: columns are hashed and encoded
// in parallel on the pool, and Write waits for them.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/task_pool.h"
#include "io/data_file.h"
#include "io/store.h"

namespace millrace::io {

struct ShardWriterOptions {
  int64_t rows_per_batch = 8192;      // the fixed re-cut
  int64_t bytes_per_batch = 4 << 20;  // logical bytes; a batch of long rows ends sooner
  int64_t rows_per_row_group = 131072;
  int64_t bytes_per_row_group = 64 << 20;  // logical Arrow bytes
  int compression_level = 1;               // zstd
  bool statistics = true;
  bool hash_in_name = true;  // false: the key is `<key_prefix>.parquet`
};

class ShardWriter {
 public:
  virtual ~ShardWriter() = default;
  /// REQUIRES: the batch has the writer's schema.
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) = 0;
  /// Finishes the file and commits it as `<key_prefix>-<first 12 hex digits of its
  /// sha256>.parquet`. The DataFile's path is that key.
  virtual Result<DataFile> Finish() = 0;
  virtual int64_t rows() const = 0;
  /// Logical Arrow bytes written so far.
  virtual int64_t logical_bytes() const = 0;
};

/// `pool` may be null: encode on the calling thread.
Result<std::unique_ptr<ShardWriter>> OpenShardWriter(Store& store, const std::string& key_prefix,
                                                     std::shared_ptr<arrow::Schema> schema,
                                                     const ShardWriterOptions& options,
                                                     TaskPool* pool);

/// What cuts are made by: about the bytes an array's values take in Arrow's layout. It is additive
/// over slices and depends on the values alone: validity bitmaps do not count, nor does what lies
/// under a null of variable length, and a bool counts as one byte.
int64_t LogicalBytes(const arrow::Array& array);
int64_t LogicalBytes(const arrow::RecordBatch& batch);
/// Adds to each row what its value takes of them: the sum over rows is LogicalBytes of the array.
/// REQUIRES: one entry per value.
void AddRowBytes(const arrow::Array& array, std::vector<int64_t>* bytes);

}  // namespace millrace::io
