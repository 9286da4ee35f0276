#include "contract/text_set.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace millrace::contract {
namespace {

size_t HashOf(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

}  // namespace

// A quarter full at most: nearly every text is found, or missed, at the first place.
TextSet::TextSet(const std::vector<std::string>& texts) {
  size_t size = 16;
  while (size < texts.size() * 4) size *= 2;
  slots_.resize(size);
  used_.resize(size, false);
  for (const std::string& text : texts) {
    size_t slot = HashOf(text) & (size - 1);
    while (used_[slot]) slot = (slot + 1) & (size - 1);
    slots_[slot] = text;
    used_[slot] = true;
  }
}

bool TextSet::Contains(std::string_view text) const {
  const size_t mask = slots_.size() - 1;
  for (size_t slot = HashOf(text) & mask; used_[slot]; slot = (slot + 1) & mask) {
    if (slots_[slot] == text) return true;
  }
  return false;
}

}  // namespace millrace::contract
