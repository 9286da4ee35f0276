#include "io/parquet/writer_pool.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/status.h"

namespace millrace::io {
namespace {

class KeepingPool : public arrow::MemoryPool {
 public:
  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    void* memory = nullptr;
    const auto bytes = static_cast<size_t>(std::max<int64_t>(size, 1));
    if (::posix_memalign(&memory, static_cast<size_t>(alignment), bytes) != 0) {
      return Status::OutOfMemory("malloc of ", size, " bytes failed");
    }
    *out = static_cast<uint8_t*>(memory);
    ++allocations_;
    Count(size);
    return Status::OK();
  }

  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override {
    if (new_size <= static_cast<int64_t>(::malloc_usable_size(*ptr))) {
      Count(new_size - old_size);
      return Status::OK();
    }
    uint8_t* larger = nullptr;
    ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &larger));
    std::memcpy(larger, *ptr, static_cast<size_t>(old_size));
    Free(*ptr, old_size, alignment);
    *ptr = larger;
    return Status::OK();
  }

  void Free(uint8_t* buffer, int64_t size, int64_t) override {
    std::free(buffer);
    Count(-size);
  }

  int64_t bytes_allocated() const override { return bytes_; }
  int64_t total_bytes_allocated() const override { return total_bytes_; }
  int64_t num_allocations() const override { return allocations_; }
  std::string backend_name() const override { return "system"; }

 private:
  void Count(int64_t bytes) {
    bytes_ += bytes;
    if (bytes > 0) total_bytes_ += bytes;
  }

  std::atomic<int64_t> bytes_{0}, total_bytes_{0}, allocations_{0};
};

}  // namespace

arrow::MemoryPool* WriterPool() {
  static auto* pool = new KeepingPool;  // outlives whatever static objects hold buffers
  return pool;
}

}  // namespace millrace::io
