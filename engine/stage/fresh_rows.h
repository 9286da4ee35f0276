// Rows of shards that this run has written and still holds in memory, so that a stage behind need
// not decode them. What is held is what was written: with it or without it the results are the
// same.
//
// Thread-safety: any thread; a Shard belongs to one.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace millrace::stage {

struct RunLimits;

class FreshRows {
 public:
  /// `bytes_max`: of all that is held. 0: nothing is.
  explicit FreshRows(int64_t bytes_max) : bytes_max_(bytes_max) {}
  /// What a memory limit leaves beside the work of stages, from rather large limits on.
  static int64_t BytesFor(const RunLimits& limits);

  /// The rows of a shard that is being written: all of them, or none once they are too many.
  class Shard {
   public:
    explicit Shard(FreshRows* rows) : rows_(rows) {}  // null: holds nothing
    ~Shard() { Drop(); }
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;
    void Add(const std::shared_ptr<arrow::RecordBatch>& batch);
    /// The shard is committed under the key.
    void Keep(const std::string& key);

   private:
    void Drop();
    FreshRows* rows_;
    arrow::RecordBatchVector batches_;
    int64_t bytes_ = 0;
  };

  /// Null when they are not held.
  std::shared_ptr<const arrow::RecordBatchVector> Find(const std::string& key) const;
  /// Lets go of a shard.
  void Forget(const std::string& key);

 private:
  struct Held {
    std::shared_ptr<const arrow::RecordBatchVector> batches;
    int64_t bytes = 0;
  };
  bool Reserve(int64_t bytes);
  void Release(int64_t bytes);

  const int64_t bytes_max_;
  mutable std::mutex mutex_;
  int64_t bytes_ = 0;
  std::map<std::string, Held> shards_;  // by key
};

}  // namespace millrace::stage
