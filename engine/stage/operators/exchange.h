// Rows on their way from splits to partitions of a new order. A split leaves a file of sorted runs
// in small batches and an index of them; a partition reads of every file what falls into its range.
//
// File: Arrow IPC, zstd. Its columns are the rows' and, first, `key_high` and `key_low` (uint64).
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stage/commit_record.h"
#include "stage/key_digest.h"
#include "stage/stage_store.h"

namespace arrow::ipc {
class RecordBatchFileReader;
}

namespace millrace::stage {

/// What a partition needs in memory, about: its rows as they are read and once more in order.
inline constexpr int64_t kPartitionBytes = int64_t{32} << 20;
/// What an ExchangeWriter needs at most.
inline constexpr int64_t kExchangeBytes = int64_t{48} << 20;

/// Of one batch of a file. Bytes are logical (io::LogicalBytes).
struct ExchangeBatch {
  KeyDigest first, last;
  int64_t rows = 0, bytes = 0;
};

/// Thread-safety: one thread.
class ExchangeWriter {
 public:
  static Result<std::unique_ptr<ExchangeWriter>> Open(const StageStore& place,
                                                      const std::string& split_name,
                                                      std::shared_ptr<arrow::Schema> schema,
                                                      uint64_t seed);
  virtual ~ExchangeWriter() = default;
  /// Rows with their ids. Where runs end depends on the batches.
  virtual Status Add(const std::shared_ptr<arrow::RecordBatch>& rows) = 0;
  /// The file and its index, as a commit record holds them.
  virtual Result<std::vector<KeySummary>> Finish() = 0;
};

/// The index of a file. WorkspaceDamaged when it is none.
Result<std::vector<ExchangeBatch>> ReadExchangeIndex(const StageStore& place,
                                                     const std::vector<KeySummary>& files);

/// A range of keys: those whose high half lies in [begin, end]; both ends are in it.
struct KeyRange {
  uint64_t begin = 0, end = 0;
};
/// Equal parts of all keys.
KeyRange PartOfKeys(int64_t part, int64_t parts);

/// Thread-safety: one thread.
class ExchangeReader {
 public:
  static Result<std::unique_ptr<ExchangeReader>> Open(const StageStore& place,
                                                      const std::vector<KeySummary>& files);
  ~ExchangeReader();
  /// The rows of a batch that fall into the range, sorted, with their keys as the first columns.
  Result<std::shared_ptr<arrow::RecordBatch>> Read(size_t batch, const KeyRange& range) const;

 private:
  ExchangeReader() = default;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
};

}  // namespace millrace::stage
