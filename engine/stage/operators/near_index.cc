#include "stage/operators/near_index.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/status.h"

namespace millrace::stage {
namespace {

constexpr int kSlotBitsMax = 22;

}  // namespace

NearIndex::NearIndex(int distance_max, int64_t bytes_max) : distance_max_(distance_max) {
  MILLRACE_CHECK(distance_max >= 0 && distance_max < 64);
  const int bands = distance_max + 1;
  // A hash, its place in each band, and about as much again for slots.
  const int64_t bytes_each = int64_t{8} + 8 * bands;
  hashes_max_ = static_cast<size_t>(
      std::clamp<int64_t>(bytes_max / bytes_each, 1, std::numeric_limits<uint32_t>::max() - 1));
  slot_bits_ = std::min(kSlotBitsMax, static_cast<int>(std::bit_width(hashes_max_)) - 1);
  for (int i = 0; i < bands; ++i) {
    Band& band = bands_.emplace_back();
    band.shift = 64 * i / bands;
    band.bits = 64 * (i + 1) / bands - band.shift;
    band.heads.resize(size_t{1} << std::min(slot_bits_, band.bits));
  }
}

size_t NearIndex::SlotOf(const Band& band, uint64_t hash) const {
  const uint64_t value = band.bits == 64 ? hash : hash >> band.shift & ((1ULL << band.bits) - 1);
  if (band.bits <= slot_bits_) return static_cast<size_t>(value);
  if (slot_bits_ == 0) return 0;
  // Fibonacci hashing: the upper bits of the product depend on all bits of the value.
  return static_cast<size_t>(value * 0x9E3779B97F4A7C15ULL >> (64 - slot_bits_));
}

void NearIndex::Keep(uint64_t hash) {
  MILLRACE_CHECK(!full());
  hashes_.push_back(hash);
  const auto number = static_cast<uint32_t>(hashes_.size());
  for (Band& band : bands_) {
    uint32_t& head = band.heads[SlotOf(band, hash)];
    band.next.push_back(head);
    head = number;
  }
}

std::optional<NearIndex::Match> NearIndex::First(uint64_t hash) const {
  std::optional<Match> first;
  for (const Band& band : bands_) {
    for (uint32_t at = band.heads[SlotOf(band, hash)]; at != 0; at = band.next[at - 1]) {
      const int distance = std::popcount(hashes_[at - 1] ^ hash);
      if (distance > distance_max_ || (first && first->at <= at - 1)) continue;
      first = Match{at - 1, distance};
    }
  }
  return first;
}

}  // namespace millrace::stage
