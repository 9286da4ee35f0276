#include "mix/schedule.h"

#include <algorithm>
#include <numeric>

#include "base/sha256.h"

namespace millrace::mix {
namespace {

using Wide = __int128;

constexpr int kPermutations = 16;
constexpr int64_t kCycleRows = kBlockRows * kBlocksPerCycle;
static_assert((kBlockRows & (kBlockRows - 1)) == 0, "positions in a block are masked");

std::vector<uint16_t> MakePermutations(uint64_t seed) {
  std::vector<uint16_t> all(static_cast<size_t>(kPermutations * kBlockRows));
  for (int p = 0; p < kPermutations; ++p) {
    uint16_t* one = &all[static_cast<size_t>(p * kBlockRows)];
    std::iota(one, one + kBlockRows, uint16_t{0});
    for (int64_t i = kBlockRows - 1; i > 0; --i) {
      const uint64_t draw = HashOf(seed, static_cast<uint64_t>(p), static_cast<uint64_t>(i));
      std::swap(one[i], one[draw % static_cast<uint64_t>(i + 1)]);
    }
  }
  return all;
}

int64_t Sum(const std::vector<int64_t>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), int64_t{0});
}

}  // namespace

// Block after block: what each input should have had by now, rounded down; the rows that are left
// go to the largest remainders, to the first of equal ones.
void Schedule::FillCycle(Segment* segment) const {
  const size_t inputs = inputs_.size();
  const Wide whole = Sum(segment->weights);
  segment->drawn_blocks.assign((kBlocksPerCycle + 1) * inputs, 0);
  std::vector<std::pair<Wide, size_t>> remainders(inputs);
  for (int64_t block = 0; block < kBlocksPerCycle; ++block) {
    const int64_t* before = &segment->drawn_blocks[static_cast<size_t>(block) * inputs];
    int64_t* after = &segment->drawn_blocks[static_cast<size_t>(block + 1) * inputs];
    int64_t left = kBlockRows;
    for (size_t i = 0; i < inputs; ++i) {
      const Wide due = Wide{segment->weights[i]} * (block + 1) * kBlockRows;
      const auto floor = static_cast<int64_t>(due / whole);
      after[i] = std::max(before[i], floor);
      left -= after[i] - before[i];
      remainders[i] = {Wide{after[i]} * whole - due, i};  // the larger the remainder, the smaller
    }
    std::sort(remainders.begin(), remainders.end());
    for (size_t i = 0; left > 0; i = (i + 1) % inputs) {
      const size_t input = remainders[i].second;
      if (segment->weights[input] == 0) continue;
      ++after[input];
      --left;
    }
    for (size_t i = inputs; left < 0; i = i == 1 ? inputs : i - 1) {
      const size_t input = remainders[i - 1].second;
      if (after[input] == before[input]) continue;
      --after[input];
      ++left;
    }
  }
}

void Schedule::FillBlock(const Segment& segment, int64_t block, uint8_t* out) const {
  uint8_t ranks[kBlockRows];
  const int64_t in_cycle = block % kBlocksPerCycle;
  uint8_t* rank = ranks;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const int64_t count = InCycle(segment, in_cycle + 1, i) - InCycle(segment, in_cycle, i);
    std::fill(rank, rank + count, static_cast<uint8_t>(i));
    rank += count;
  }
  const uint64_t draw =
      HashOf(seed_, static_cast<uint64_t>(segment.begin), static_cast<uint64_t>(block));
  const uint16_t* permutation =
      &permutations_[static_cast<size_t>((draw % kPermutations) * kBlockRows)];
  const auto turn = static_cast<uint16_t>((draw >> 8) & (kBlockRows - 1));
  for (int64_t i = 0; i < kBlockRows; ++i) {
    out[i] = ranks[static_cast<uint16_t>(permutation[i] + turn) & (kBlockRows - 1)];
  }
}

int64_t Schedule::CountBefore(const Segment& segment, size_t input, int64_t offset) const {
  const int64_t cycle = offset / kCycleRows, block = offset % kCycleRows / kBlockRows;
  const int64_t rest = offset % kBlockRows;
  int64_t count = cycle * InCycle(segment, kBlocksPerCycle, input) + InCycle(segment, block, input);
  if (rest > 0) {
    uint8_t inputs[kBlockRows];
    FillBlock(segment, offset / kBlockRows, inputs);
    count += std::count(inputs, inputs + rest, static_cast<uint8_t>(input));
  }
  return count;
}

// Where in the segment the input is drawn for the `draw`-th time, from 1; kUnlimited for never.
int64_t Schedule::OffsetOf(const Segment& segment, size_t input, int64_t draw) const {
  const int64_t per_cycle = InCycle(segment, kBlocksPerCycle, input);
  if (per_cycle == 0) return kUnlimited;
  const int64_t cycle = (draw - 1) / per_cycle;
  int64_t left = draw - cycle * per_cycle;
  int64_t block = 0;
  while (InCycle(segment, block + 1, input) < left) ++block;
  left -= InCycle(segment, block, input);
  uint8_t inputs[kBlockRows];
  FillBlock(segment, cycle * kBlocksPerCycle + block, inputs);
  int64_t at = -1;
  while (left > 0) left -= inputs[++at] == input;
  return (cycle * kBlocksPerCycle + block) * kBlockRows + at;
}

int64_t Schedule::LimitOf(size_t input) const {
  const Input& of = inputs_[input];
  if (stop_ == Stop::kAllExhaustedWithoutReplacement) return of.rows;
  if (of.rows == 0) return 0;
  return of.epochs_max > kUnlimited / of.rows ? kUnlimited : of.rows * of.epochs_max;
}

bool Schedule::Extend(const std::vector<WeightChange>& changes, size_t* next_change) {
  Segment& segment = segments_.back();
  int64_t end = kUnlimited;
  if (*next_change < changes.size()) end = changes[*next_change].at - segment.begin;
  size_t exhausted = inputs_.size();
  int64_t complete = 0;  // where every input has given all its rows once
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (segment.weights[i] == 0) continue;
    const int64_t limit = LimitOf(i);
    if (limit != kUnlimited) {
      const int64_t due = OffsetOf(segment, i, limit - segment.drawn[i] + 1);
      if (due < end) {
        end = due;
        exhausted = i;
      }
    }
    const int64_t missing = inputs_[i].rows - segment.drawn[i];
    if (missing > 0) {
      const int64_t last = OffsetOf(segment, i, missing);
      complete = last == kUnlimited ? kUnlimited : std::max(complete, last + 1);
    }
  }
  if (stop_ == Stop::kAllExhausted && complete <= end) {
    segment.end = segment.begin + complete;
    return false;
  }
  MILLRACE_CHECK(end != kUnlimited);  // each stop rule ends: with all rows drawn at the latest
  segment.end = segment.begin + end;
  const bool is_change = exhausted == inputs_.size();
  if (!is_change && stop_ == Stop::kFirstExhausted) return false;
  Segment next;
  next.begin = segment.end;
  next.weights = segment.weights;
  if (is_change) {
    next.weights = changes[(*next_change)++].weights;
  }
  for (size_t i = 0; i < inputs_.size(); ++i) {
    next.drawn.push_back(segment.drawn[i] + CountBefore(segment, i, end));
    const bool gone = next.drawn[i] >= LimitOf(i) && stop_ != Stop::kFirstExhausted;
    if (gone || static_cast<size_t>(i) == exhausted) next.weights[i] = 0;
  }
  if (Sum(next.weights) == 0) return false;
  FillCycle(&next);
  segments_.push_back(std::move(next));
  return true;
}

Result<Schedule> Schedule::Make(std::vector<Input> inputs, Stop stop,
                                std::vector<WeightChange> changes, uint64_t seed) {
  Schedule schedule;
  if (inputs.empty() || inputs.size() > kInputsMax) {
    return MakeError(ErrorCode::kBadValue,
                     "a mixture has 1 to " + std::to_string(kInputsMax) + " inputs");
  }
  schedule.inputs_ = std::move(inputs);
  schedule.stop_ = stop;
  schedule.seed_ = seed;
  schedule.permutations_ = MakePermutations(seed);
  Segment first;
  for (const Input& input : schedule.inputs_) {
    const bool empty = input.rows == 0 && stop != Stop::kFirstExhausted;
    first.weights.push_back(empty ? 0 : input.weight);
  }
  first.drawn.assign(schedule.inputs_.size(), 0);
  size_t next_change = 0;
  while (next_change < changes.size() && changes[next_change].at == 0) {
    first.weights = changes[next_change++].weights;
  }
  if (Sum(first.weights) == 0) {
    const bool any = std::any_of(schedule.inputs_.begin(), schedule.inputs_.end(),
                                 [](const Input& input) { return input.rows > 0; });
    if (any) return MakeError(ErrorCode::kBadValue, "all weights of the mixture are 0");
    return schedule;
  }
  schedule.FillCycle(&first);
  schedule.segments_.push_back(std::move(first));
  while (schedule.Extend(changes, &next_change)) {
  }
  schedule.rows_ = schedule.segments_.back().end;
  return schedule;
}

const Schedule::Segment& Schedule::SegmentOf(int64_t position) const {
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), position,
      [](int64_t wanted, const Segment& segment) { return wanted < segment.begin; });
  return *(after - 1);
}

int64_t Schedule::DrawnBefore(size_t input, int64_t position) const {
  if (segments_.empty()) return 0;
  const Segment& segment = SegmentOf(position);
  return segment.drawn[input] + CountBefore(segment, input, position - segment.begin);
}

void Schedule::Fill(int64_t begin, int64_t count, uint8_t* inputs) const {
  uint8_t block[kBlockRows];
  while (count > 0) {
    const Segment& segment = SegmentOf(begin);
    const int64_t offset = begin - segment.begin, in_block = offset % kBlockRows;
    const int64_t here = std::min({count, kBlockRows - in_block, segment.end - begin});
    if (here == kBlockRows) {
      FillBlock(segment, offset / kBlockRows, inputs);
    } else {
      FillBlock(segment, offset / kBlockRows, block);
      std::copy(block + in_block, block + in_block + here, inputs);
    }
    begin += here;
    inputs += here;
    count -= here;
  }
}

std::string Schedule::Fingerprint(int64_t begin, int64_t end) const {
  Sha256 hash;
  hash.UpdateField(std::to_string(seed_));
  for (const Segment& segment : segments_) {
    if (segment.end <= begin || segment.begin >= end) continue;
    hash.UpdateField(std::to_string(segment.begin));
    hash.UpdateField(std::to_string(std::min(segment.end, end)));
    for (const int64_t weight : segment.weights) hash.UpdateField(std::to_string(weight));
    for (const int64_t drawn : segment.drawn) hash.UpdateField(std::to_string(drawn));
  }
  return hash.FinishHex();
}

}  // namespace millrace::mix
