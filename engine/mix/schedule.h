// Which input the next row comes from. The schedule is a function of weights, counts and a seed:
// any position can be asked for by itself, and what lies before a position is counted without
// walking there.
//
// Positions are cut into segments, in each of which the weights stay the same: a curriculum changes
// them, and so does an input that has no more rows. A segment is cut into blocks of kBlockRows. A
// block draws of every input as many rows as its share asks for, within one row; what a block owes
// to rounding the next ones make good (largest remainder of the sum so far), and after
// kBlocksPerCycle blocks the counts repeat. Inside a block the order is random: one of some fixed
// permutations, chosen and turned by a hash of seed and block.
//
// Thread-safety: immutable.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/weight.h"
#include "mix/draw_order.h"

namespace millrace::mix {

inline constexpr int64_t kBlockRows = 1024;
inline constexpr int64_t kBlocksPerCycle = 64;
inline constexpr size_t kInputsMax = 255;
using millrace::kWeightUnit;
inline constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

enum class Stop {
  kFirstExhausted,                 // when a row is due from an input that has no more
  kAllExhausted,                   // when every input has given all its rows once; others repeat
  kAllExhaustedWithoutReplacement  // when all rows are drawn; an input without rows drops out
};

struct Input {
  int64_t weight = kWeightUnit;  // in kWeightUnit; 0: not drawn
  int64_t rows = 0;              // there are
  /// How often its rows may be drawn. Without replacement it is once, whatever is said here.
  int64_t epochs_max = 1;
};

/// From a position on other weights hold, one per input.
struct WeightChange {
  int64_t at = 0;
  std::vector<int64_t> weights;
};

class Schedule : public DrawOrder {
 public:
  /// `changes` ascend. BadValue, without a place, when all weights are 0 or there are too many
  /// inputs.
  static Result<Schedule> Make(std::vector<Input> inputs, Stop stop,
                               std::vector<WeightChange> changes, uint64_t seed);

  int64_t rows() const override { return rows_; }
  int64_t DrawnBefore(size_t input, int64_t position) const override;
  void Fill(int64_t begin, int64_t count, uint8_t* inputs) const override;
  std::string Fingerprint(int64_t begin, int64_t end) const override;

 private:
  struct Segment {
    int64_t begin = 0, end = 0;         // positions
    std::vector<int64_t> weights;       // 0 for inputs that are not drawn
    std::vector<int64_t> drawn;         // of each input before the segment
    std::vector<int64_t> drawn_blocks;  // of a cycle: [block * inputs + input], one block more
  };

  void FillCycle(Segment* segment) const;
  int64_t InCycle(const Segment& segment, int64_t block, size_t input) const {
    return segment.drawn_blocks[static_cast<size_t>(block) * inputs_.size() + input];
  }
  int64_t CountBefore(const Segment& segment, size_t input, int64_t offset) const;
  int64_t OffsetOf(const Segment& segment, size_t input, int64_t draw) const;
  void FillBlock(const Segment& segment, int64_t block, uint8_t* out) const;
  const Segment& SegmentOf(int64_t position) const;
  int64_t LimitOf(size_t input) const;
  /// Ends the last segment and begins another; false when the schedule is over.
  bool Extend(const std::vector<WeightChange>& changes, size_t* next_change);

  std::vector<Input> inputs_;
  Stop stop_ = Stop::kFirstExhausted;
  uint64_t seed_ = 0;
  int64_t rows_ = 0;
  std::vector<Segment> segments_;
  std::vector<uint16_t> permutations_;
};

}  // namespace millrace::mix
