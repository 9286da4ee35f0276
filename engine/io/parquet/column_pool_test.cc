#include "io/parquet/column_pool.h"

#include <arrow/buffer.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace millrace::io {
namespace {

constexpr int64_t kKilobyte = 1 << 10, kMegabyte = 1 << 20;

uint8_t ByteAt(int64_t place) { return static_cast<uint8_t>(place * 131 >> 7); }

}  // namespace

TEST_CASE("A buffer keeps its bytes whatever it grows and shrinks to") {
  arrow::MemoryPool* pool = ColumnPool();
  const int64_t before = pool->bytes_allocated();
  {
    auto buffer = *arrow::AllocateResizableBuffer(0, pool);
    int64_t known = 0;
    for (const int64_t size : std::vector<int64_t>{
             100, kKilobyte, 700 * kKilobyte, kMegabyte, 3 * kMegabyte + 17, 40 * kMegabyte,
             2 * kMegabyte, kMegabyte - 1, 50, 5 * kMegabyte, 6 * kMegabyte, 0, 10}) {
      CAPTURE(size);
      REQUIRE(buffer->Resize(size).ok());
      known = std::min(known, size);
      CHECK(reinterpret_cast<uintptr_t>(buffer->data()) % 64 == 0);
      for (int64_t i = 0; i < known; ++i) {
        if (buffer->data()[i] != ByteAt(i)) FAIL("byte " << i << " has changed");
      }
      for (int64_t i = known; i < size; ++i) buffer->mutable_data()[i] = ByteAt(i);
      known = size;
    }
    CHECK(pool->bytes_allocated() > before);
  }
  CHECK(pool->bytes_allocated() == before);
}

TEST_CASE("What held one batch holds the next of about its size, and little is kept for that") {
  arrow::MemoryPool* pool = BatchPool();
  const auto address_of = [&](int64_t size) {
    return (*arrow::AllocateResizableBuffer(size, pool))->data();
  };
  const uint8_t* first = address_of(4 * kMegabyte);
  CHECK(address_of(4 * kMegabyte - 1000) == first);
  auto held = *arrow::AllocateResizableBuffer(3 * kMegabyte + 1, pool);
  CHECK(held->data() == first);
  CHECK(held->Resize(6 * kMegabyte).ok());  // grows out of it
  held->mutable_data()[6 * kMegabyte - 1] = 1;
  held.reset();
  for (int i = 0; i < 3; ++i) address_of(5 * kMegabyte);  // takes the place of what was kept
  auto small = *arrow::AllocateResizableBuffer(4 * kMegabyte, pool);
  small->mutable_data()[0] = small->mutable_data()[4 * kMegabyte - 1] = 1;
}

TEST_CASE("What cannot be had is an error and leaves the buffer as it is") {
  arrow::MemoryPool* pool = ColumnPool();
  auto buffer = *arrow::AllocateResizableBuffer(2 * kMegabyte, pool);
  std::memset(buffer->mutable_data(), 7, 2 * kMegabyte);
  CHECK(buffer->Resize(int64_t{1} << 60).IsOutOfMemory());
  CHECK(buffer->size() == 2 * kMegabyte);
  CHECK(buffer->data()[2 * kMegabyte - 1] == 7);
  uint8_t* nothing = nullptr;
  CHECK(pool->Allocate(int64_t{1} << 60, &nothing).IsOutOfMemory());
}

}  // namespace millrace::io
