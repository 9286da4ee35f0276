#include "op/tokenizer/char_table.h"

#include <algorithm>
#include <map>

#include "op/text/code_points.h"
#include "op/tokenizer/char_table_data.h"

namespace millrace::op {
namespace {

constexpr size_t kCodePoints = 0x110000, kBlock = 256;

}  // namespace

const CharTable& CharTable::Of() {
  static const auto* table = new CharTable();
  return *table;
}

CharTable::CharTable() {
  std::map<std::vector<uint16_t>, uint16_t> known;
  size_t range = 0;
  for (size_t begin = 0; begin < kCodePoints; begin += kBlock) {
    std::vector<uint16_t> block(kBlock);
    for (size_t i = 0; i < kBlock; ++i) {
      while (range + 1 < kCharRangeCount && kCharRanges[range + 1].first <= begin + i) ++range;
      block[i] = kCharRanges[range].traits;
    }
    const auto [at, added] = known.emplace(block, static_cast<uint16_t>(known.size()));
    if (added) blocks_.insert(blocks_.end(), block.begin(), block.end());
    block_of_.push_back(at->second);
  }
  for (size_t i = 0; i < kLowerRunCount; ++i) {
    const LowerRun& run = kLowerRuns[i];
    lower_.resize(std::max<size_t>(lower_.size(), run.last + 1));
    for (uint32_t code = run.first; code <= run.last; code += run.step) lower_[code] = run.delta;
  }
}

void CharTable::AppendLower(char32_t code, std::string* out) const {
  if (code == 0x130) {  // the only one whose lower case has two
    *out += "i\xcc\x87";
  } else if (code < lower_.size()) {
    AppendCodePoint(static_cast<char32_t>(static_cast<int32_t>(code) + lower_[code]), out);
  } else {
    AppendCodePoint(code, out);
  }
}

}  // namespace millrace::op
