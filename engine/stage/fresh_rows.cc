#include "stage/fresh_rows.h"

#include <arrow/array/array_base.h>
#include <arrow/buffer.h>

#include <algorithm>
#include <set>
#include <utility>

#include "stage/hidden_values.h"
#include "stage/ingest.h"

namespace millrace::stage {
namespace {

// Whole buffers, however little of them the rows use: that much stays in memory.
void AddBuffers(const arrow::ArrayData& data, std::set<const arrow::Buffer*>* buffers) {
  for (const auto& buffer : data.buffers) {
    const arrow::Buffer* whole = buffer.get();
    while (whole != nullptr && whole->parent() != nullptr) whole = whole->parent().get();
    if (whole != nullptr) buffers->insert(whole);
  }
  for (const auto& child : data.child_data) AddBuffers(*child, buffers);
  if (data.dictionary != nullptr) AddBuffers(*data.dictionary, buffers);
}

int64_t HeldBytes(const arrow::RecordBatch& batch) {
  std::set<const arrow::Buffer*> buffers;
  for (const auto& column : batch.columns()) AddBuffers(*column->data(), &buffers);
  int64_t bytes = 0;
  for (const arrow::Buffer* buffer : buffers) bytes += buffer->capacity();
  return bytes;
}

}  // namespace

// Stages need up to about 128 MiB for each thread, or 256 MiB for a comparison. Of the rest half is
// left alone, for what allocators keep.
int64_t FreshRows::BytesFor(const RunLimits& limits) {
  const int64_t of_stage = std::max<int64_t>(256, int64_t{128} * limits.threads) << 20;
  return std::max<int64_t>(0, limits.memory_bytes / 2 - of_stage);
}

bool FreshRows::Reserve(int64_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (bytes_ + bytes > bytes_max_) return false;
  bytes_ += bytes;
  return true;
}

void FreshRows::Release(int64_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  bytes_ -= bytes;
}

void FreshRows::Shard::Add(const std::shared_ptr<arrow::RecordBatch>& batch) {
  if (rows_ == nullptr) return;
  for (const auto& column : batch->columns()) {
    if (MayHideValues(*column->data())) return Drop();
  }
  const int64_t bytes = HeldBytes(*batch);
  if (!rows_->Reserve(bytes)) return Drop();
  bytes_ += bytes;
  batches_.push_back(batch);
}

void FreshRows::Shard::Keep(const std::string& key) {
  if (rows_ == nullptr) return;
  FreshRows* rows = std::exchange(rows_, nullptr);
  std::lock_guard<std::mutex> lock(rows->mutex_);
  Held& held = rows->shards_[key];
  rows->bytes_ -= held.bytes;  // the same shard, written again
  held.batches = std::make_shared<const arrow::RecordBatchVector>(std::move(batches_));
  held.bytes = bytes_;
}

void FreshRows::Shard::Drop() {
  if (rows_ == nullptr) return;
  batches_.clear();
  rows_->Release(bytes_);
  rows_ = nullptr;
}

std::shared_ptr<const arrow::RecordBatchVector> FreshRows::Find(const std::string& key) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = shards_.find(key);
  return found == shards_.end() ? nullptr : found->second.batches;
}

void FreshRows::Forget(const std::string& key) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto shard = shards_.find(key);
  if (shard == shards_.end()) return;
  bytes_ -= shard->second.bytes;
  shards_.erase(shard);
}

}  // namespace millrace::stage
