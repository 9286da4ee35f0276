// The order of a mixture whose weights count tokens or bytes. A schedule says how many units of
// each input come before a position, a position being a unit; here that becomes rows. Positions are
// cut into blocks of `block_units`. In a block stand the rows that begin in it: of every input, in
// units, its share within one row, and what a row has over its block it has owed to the next.
//
// Inside a block the order is random, by a hash of the seed and the block. Blocks of many rows are
// divided further, so that each is small.
//
// Thread-safety: immutable. Memory: a number per input and block.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "mix/schedule.h"

namespace millrace::mix {

/// How many rows of an input begin before so many of its units: a row counts one unit at least.
/// Asked for with units that ascend, for every input.
using RowsBefore = std::function<Result<int64_t>(size_t input, int64_t units)>;

class UnitOrder : public DrawOrder {
 public:
  static Result<std::shared_ptr<const UnitOrder>> Make(const Schedule& units, size_t inputs,
                                                       int64_t block_units, uint64_t seed,
                                                       const RowsBefore& rows_before);

  int64_t rows() const override { return begins_.back(); }
  int64_t DrawnBefore(size_t input, int64_t position) const override;
  void Fill(int64_t begin, int64_t count, uint8_t* inputs) const override;
  std::string Fingerprint(int64_t begin, int64_t end) const override;

 private:
  UnitOrder(size_t inputs, uint64_t seed) : inputs_(inputs), seed_(seed), drawn_(inputs) {}
  void AddBlock(const std::vector<int64_t>& until);
  size_t BlockOf(int64_t position) const;
  int64_t Drawn(size_t block, size_t input) const { return drawn_[block * inputs_ + input]; }
  std::vector<uint8_t> BlockAt(size_t block) const;

  size_t inputs_;
  uint64_t seed_;
  std::vector<int64_t> drawn_;         // [block * inputs + input]: rows before it; one block more
  std::vector<int64_t> begins_ = {0};  // positions of blocks, and the end
};

}  // namespace millrace::mix
