// The keys of one unique column of one split, as sorted runs in an Arrow IPC file beside the data:
// what the comparison between splits reads instead of the rows. A run holds kKeysPerRun keys (the
// last fewer), cut by count alone; a record batch kKeysPerBatch, so that a merge of many runs needs
// little of each in memory.
//
// Schema: digest fixed_size_binary[16] (big-endian, so that bytes sort like numbers), position
// int64.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/task_pool.h"
#include "io/data_file.h"
#include "io/store.h"
#include "stage/key_digest.h"

namespace arrow::ipc {
class RecordBatchFileReader;
}

namespace millrace::stage {

inline constexpr int64_t kKeysPerRun = 1 << 18;    // 6 MiB
inline constexpr int64_t kKeysPerBatch = 1 << 11;  // 48 KiB

struct Key {
  KeyDigest digest;
  int64_t position = 0;  // of the record in its split
  auto operator<=>(const Key&) const = default;
};

/// Thread-safety: one thread; full runs are sorted on the pool (may be null).
class KeySummaryWriter {
 public:
  static Result<std::unique_ptr<KeySummaryWriter>> Open(io::Store& store,
                                                        const std::string& key_prefix,
                                                        TaskPool* pool);
  virtual ~KeySummaryWriter() = default;
  virtual Status Add(KeyDigest digest, int64_t position) = 0;
  /// Commits `<key_prefix>-<hash>.arrow`; the path of the result is that key.
  virtual Result<io::DataFile> Finish() = 0;
};

/// Thread-safety: Read may be called from any thread.
class KeySummaryReader {
 public:
  static Result<std::shared_ptr<KeySummaryReader>> Open(io::Store& store, const std::string& key);
  ~KeySummaryReader();
  /// The number of runs; run r holds the batches [first_batch(r), first_batch(r + 1)).
  int64_t runs() const;
  int64_t first_batch(int64_t run) const;
  Result<std::vector<Key>> ReadBatch(int64_t batch) const;

 private:
  KeySummaryReader() = default;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  int64_t batches_ = 0;
};

}  // namespace millrace::stage
