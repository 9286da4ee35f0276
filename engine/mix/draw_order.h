// In which order rows of several inputs are drawn, as those see it who draw: a row for every
// position, of every input one row after the other.
// Thread-safety: immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace millrace::mix {

class DrawOrder {
 public:
  virtual ~DrawOrder() = default;
  /// All rows that are drawn.
  virtual int64_t rows() const = 0;
  /// How many rows of the input come before the position.
  virtual int64_t DrawnBefore(size_t input, int64_t position) const = 0;
  /// The inputs of the positions [begin, begin + count). REQUIRES: they are below rows().
  virtual void Fill(int64_t begin, int64_t count, uint8_t* inputs) const = 0;
  /// What tells the positions [begin, end) apart from those of another order.
  virtual std::string Fingerprint(int64_t begin, int64_t end) const = 0;
};

/// A random number for a, b and c: SplitMix64's finaliser (Steele, Lea, Flood: Fast splittable
/// pseudorandom number generators, 2014).
inline uint64_t HashOf(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t x = a + 0x9E3779B97F4A7C15u * (b + 1);
  for (int round = 0; round < 2; ++round) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    x ^= x >> 31;
    if (round == 0) x += 0x9E3779B97F4A7C15u * (c + 1);
  }
  return x;
}

}  // namespace millrace::mix
