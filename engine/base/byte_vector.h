// Sixteen bytes at once, as both compilers know them on every CPU: what comparisons of vectors give
// is all ones where they hold, so `counts -= (bytes == other)` counts by lane.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace {

using ByteVector = uint8_t __attribute__((vector_size(16)));
using SignedByteVector = int8_t __attribute__((vector_size(16)));
constexpr size_t kVectorBytes = sizeof(ByteVector);
/// So many comparisons may be counted by lane before a lane is full.
constexpr size_t kLaneCountMax = 255;

inline ByteVector LoadBytes(const char* at) {
  ByteVector bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

/// The sum of all lanes.
inline int64_t SumOf(ByteVector counts) {
  using Words = uint64_t __attribute__((vector_size(16)));
  constexpr uint64_t kEven = 0x00FF00FF00FF00FFu;
  const Words words = reinterpret_cast<Words>(counts);
  const Words pairs = (words & kEven) + (words >> 8 & kEven);        // 4 sums of 16 bits in each
  const Words sums = (pairs * uint64_t{0x0001000100010001u}) >> 48;  // at most 4 * 510
  return static_cast<int64_t>(sums[0] + sums[1]);
}

/// Where a byte begins a code point of UTF-8: all but 10xxxxxx.
inline ByteVector Begins(ByteVector bytes) {
  return reinterpret_cast<ByteVector>(reinterpret_cast<SignedByteVector>(bytes) > int8_t{-65});
}

}  // namespace millrace
