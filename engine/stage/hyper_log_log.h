// An estimate of how many distinct values there are, from hashes, in 4096 registers: about 1.6 %
// off. Merging two estimators gives the estimator of both inputs together, in any order.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace millrace::stage {

class HyperLogLog {
 public:
  static constexpr int kIndexBits = 12;
  static constexpr int kRegisters = 1 << kIndexBits;

  void Add(uint64_t hash) {
    uint8_t& reg = registers_[hash >> (64 - kIndexBits)];
    // The index bits are shifted out; the mark ends the count when all others are zero.
    const uint64_t rest = (hash << kIndexBits) | (uint64_t{1} << (kIndexBits - 1));
    const uint8_t rank = static_cast<uint8_t>(std::countl_zero(rest) + 1);
    if (rank > reg) reg = rank;
  }
  void Merge(const HyperLogLog& other);
  int64_t Estimate() const;

  std::array<uint8_t, kRegisters>& registers() { return registers_; }
  const std::array<uint8_t, kRegisters>& registers() const { return registers_; }
  /// The highest rank a register can have.
  static constexpr uint8_t kRankMax = 64 - kIndexBits + 1;

 private:
  std::array<uint8_t, kRegisters> registers_{};
};

}  // namespace millrace::stage
