#include "mix/unit_order.h"

#include <algorithm>

#include "base/sha256.h"

namespace millrace::mix {
namespace {

constexpr int64_t kBlockRowsMax = 4096;

}  // namespace

Result<std::shared_ptr<const UnitOrder>> UnitOrder::Make(const Schedule& units, size_t inputs,
                                                         int64_t block_units, uint64_t seed,
                                                         const RowsBefore& rows_before) {
  std::shared_ptr<UnitOrder> order(new UnitOrder(inputs, seed));
  std::vector<int64_t> until(inputs);
  for (int64_t begin = 0; begin < units.rows(); begin += block_units) {
    const int64_t end = std::min(begin + block_units, units.rows());
    for (size_t i = 0; i < inputs; ++i) {
      ARROW_ASSIGN_OR_RAISE(until[i], rows_before(i, units.DrawnBefore(i, end)));
    }
    order->AddBlock(until);
  }
  return std::shared_ptr<const UnitOrder>(std::move(order));
}

// In equal parts, of every input.
void UnitOrder::AddBlock(const std::vector<int64_t>& until) {
  const std::vector<int64_t> from(drawn_.end() - static_cast<int64_t>(inputs_), drawn_.end());
  int64_t rows = 0;
  for (size_t i = 0; i < inputs_; ++i) rows += until[i] - from[i];
  const int64_t parts = std::max<int64_t>(1, (rows + kBlockRowsMax - 1) / kBlockRowsMax);
  for (int64_t part = 1; part <= parts; ++part) {
    int64_t in_part = 0;
    for (size_t i = 0; i < inputs_; ++i) {
      const int64_t before = drawn_[drawn_.size() - inputs_];
      drawn_.push_back(from[i] + (until[i] - from[i]) * part / parts);
      in_part += drawn_.back() - before;
    }
    begins_.push_back(begins_.back() + in_part);
  }
}

// The last one that begins at or before the position: those before it with the same begin are
// empty.
size_t UnitOrder::BlockOf(int64_t position) const {
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), position);
  return static_cast<size_t>(after - begins_.begin()) - 1;
}

std::vector<uint8_t> UnitOrder::BlockAt(size_t block) const {
  std::vector<uint8_t> order;
  for (size_t i = 0; i < inputs_; ++i) {
    const auto rows = static_cast<size_t>(Drawn(block + 1, i) - Drawn(block, i));
    order.insert(order.end(), rows, static_cast<uint8_t>(i));
  }
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[HashOf(seed_, block, i) % i]);
  }
  return order;
}

int64_t UnitOrder::DrawnBefore(size_t input, int64_t position) const {
  const size_t block = BlockOf(position);
  const int64_t rest = position - begins_[block];
  if (rest == 0) return Drawn(block, input);
  const std::vector<uint8_t> order = BlockAt(block);
  return Drawn(block, input) +
         std::count(order.begin(), order.begin() + rest, static_cast<uint8_t>(input));
}

void UnitOrder::Fill(int64_t begin, int64_t count, uint8_t* inputs) const {
  for (size_t block = BlockOf(begin); count > 0; ++block) {
    const int64_t here = std::min(count, begins_[block + 1] - begin);
    if (here == 0) continue;
    const std::vector<uint8_t> order = BlockAt(block);
    const auto first = order.begin() + (begin - begins_[block]);
    std::copy(first, first + here, inputs);
    inputs += here;
    begin += here;
    count -= here;
  }
}

std::string UnitOrder::Fingerprint(int64_t begin, int64_t end) const {
  Sha256 hash;
  hash.UpdateField("units " + std::to_string(seed_));
  for (size_t block = BlockOf(begin); block + 1 < begins_.size() && begins_[block] < end; ++block) {
    hash.UpdateField(std::to_string(block));
    hash.UpdateField(std::to_string(begins_[block]));
    for (size_t i = 0; i < 2 * inputs_; ++i) {
      hash.UpdateField(std::to_string(drawn_[block * inputs_ + i]));
    }
  }
  return hash.FinishHex();
}

}  // namespace millrace::mix
