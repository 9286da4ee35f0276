// Hashes of 64 bits that have been kept, asked for one that differs from another in few bits only.
//
// Two hashes that differ in at most d bits agree in at least one of d + 1 bands of bits (there are
// more bands than differences), so it is enough to compare with those that share a band.
//
// Thread-safety: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace millrace::stage {

class NearIndex {
 public:
  struct Match {
    size_t at = 0;  // which one, in the order they were kept
    int distance = 0;
  };

  /// Holds as many hashes as fit into so many bytes, at least one.
  NearIndex(int distance_max, int64_t bytes_max);

  bool full() const { return hashes_.size() == hashes_max_; }
  size_t size() const { return hashes_.size(); }
  /// REQUIRES: not full.
  void Keep(uint64_t hash);
  /// The first one kept that is within the distance.
  std::optional<Match> First(uint64_t hash) const;

 private:
  struct Band {
    int shift = 0, bits = 0;
    std::vector<uint32_t> heads;  // by slot: the last one kept, + 1; 0: none
    std::vector<uint32_t> next;   // per hash: the one before it in its slot, + 1
  };

  size_t SlotOf(const Band& band, uint64_t hash) const;

  int distance_max_, slot_bits_ = 0;
  size_t hashes_max_;
  std::vector<uint64_t> hashes_;
  std::vector<Band> bands_;
};

}  // namespace millrace::stage
