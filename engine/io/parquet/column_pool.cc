#include "io/parquet/column_pool.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>

#include "base/status.h"

namespace millrace::io {
namespace {

// What holds the pages of a column until its row group ends grows to many megabytes. As a mapping
// of its own it grows without a second copy, and is given back as a whole.
constexpr int64_t kMappedBytes = 1 << 20;
constexpr size_t kSpareBytes = 8 << 20;
constexpr int64_t kMostBytes = int64_t{1} << 47;  // of what a process can address

bool IsMapped(int64_t size) { return size >= kMappedBytes; }

// Of a mapping: such that one that was let go fits others of about its size.
size_t MappingBytes(int64_t size) {
  return (static_cast<size_t>(size) + kMappedBytes - 1) / kMappedBytes * kMappedBytes;
}

/// A few mappings that were let go. The batches of a shard come one after another and are of about
/// the same size: what holds one holds the next, and need not be filled with zeros by the kernel.
class Spares {
 public:
  explicit Spares(size_t most) : most_(most) {}
  /// Null when there is none of that size.
  void* Take(size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = std::find_if(spares_.begin(), spares_.end(),
                                    [&](const Spare& spare) { return spare.bytes == bytes; });
    if (found == spares_.end()) return nullptr;
    void* memory = found->memory;
    bytes_ -= bytes;
    spares_.erase(found);
    return memory;
  }

  /// The oldest make room for it. False: it is too large to be kept.
  bool Keep(void* memory, size_t bytes) {
    if (bytes > most_) return false;
    std::lock_guard<std::mutex> lock(mutex_);
    for (bytes_ += bytes; bytes_ > most_; spares_.pop_front()) {
      ::munmap(spares_.front().memory, spares_.front().bytes);
      bytes_ -= spares_.front().bytes;
    }
    spares_.push_back({memory, bytes});
    return true;
  }

 private:
  struct Spare {
    void* memory;
    size_t bytes;
  };
  const size_t most_;
  std::mutex mutex_;
  std::deque<Spare> spares_;
  size_t bytes_ = 0;
};

class KeepingPool : public arrow::MemoryPool {
 public:
  explicit KeepingPool(size_t spare_bytes) : spares_(spare_bytes) {}

  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    ARROW_RETURN_NOT_OK(IsMapped(size) ? Map(size, out) : AllocateSmall(size, alignment, out));
    ++allocations_;
    Count(size);
    return Status::OK();
  }

  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override {
    if (IsMapped(old_size) && IsMapped(new_size)) {
      ARROW_RETURN_NOT_OK(Remap(old_size, new_size, ptr));
      Count(new_size - old_size);
      return Status::OK();
    }
    if (!IsMapped(old_size) && !IsMapped(new_size) &&
        new_size <= static_cast<int64_t>(::malloc_usable_size(*ptr))) {
      Count(new_size - old_size);
      return Status::OK();
    }
    uint8_t* moved = nullptr;
    ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &moved));
    std::memcpy(moved, *ptr, static_cast<size_t>(std::min(old_size, new_size)));
    Free(*ptr, old_size, alignment);
    *ptr = moved;
    return Status::OK();
  }

  void Free(uint8_t* buffer, int64_t size, int64_t) override {
    if (IsMapped(size)) {
      const size_t bytes = MappingBytes(size);
      if (!spares_.Keep(buffer, bytes)) ::munmap(buffer, bytes);
    } else {
      std::free(buffer);
    }
    Count(-size);
  }

  int64_t bytes_allocated() const override { return bytes_; }
  int64_t total_bytes_allocated() const override { return total_bytes_; }
  int64_t num_allocations() const override { return allocations_; }
  std::string backend_name() const override { return "system"; }

 private:
  static Status AllocateSmall(int64_t size, int64_t alignment, uint8_t** out) {
    void* memory = nullptr;
    const auto bytes = static_cast<size_t>(std::max<int64_t>(size, 1));
    if (::posix_memalign(&memory, static_cast<size_t>(alignment), bytes) != 0) {
      return NoMemory(size);
    }
    *out = static_cast<uint8_t*>(memory);
    return Status::OK();
  }

  Status Map(int64_t size, uint8_t** out) {
    if (size > kMostBytes) return NoMemory(size);
    void* memory = spares_.Take(MappingBytes(size));
    if (memory == nullptr) {
      memory = ::mmap(nullptr, MappingBytes(size), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (memory == MAP_FAILED) return NoMemory(size);
    *out = static_cast<uint8_t*>(memory);
    return Status::OK();
  }

  static Status Remap(int64_t old_size, int64_t new_size, uint8_t** ptr) {
    if (new_size > kMostBytes) return NoMemory(new_size);
    void* memory = ::mremap(*ptr, MappingBytes(old_size), MappingBytes(new_size), MREMAP_MAYMOVE);
    if (memory == MAP_FAILED) return NoMemory(new_size);
    *ptr = static_cast<uint8_t*>(memory);
    return Status::OK();
  }

  static Status NoMemory(int64_t size) {
    return Status::OutOfMemory("no memory for ", size, " bytes");
  }

  void Count(int64_t bytes) {
    bytes_ += bytes;
    if (bytes > 0) total_bytes_ += bytes;
  }

  Spares spares_;
  std::atomic<int64_t> bytes_{0}, total_bytes_{0}, allocations_{0};
};

}  // namespace

arrow::MemoryPool* ColumnPool() {
  static auto* pool = new KeepingPool(0);  // outlives whatever static objects hold buffers
  return pool;
}

arrow::MemoryPool* BatchPool() {
  static auto* pool = new KeepingPool(kSpareBytes);
  return pool;
}

}  // namespace millrace::io
