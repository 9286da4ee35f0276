// Texts with numbers, found by their beginnings.
//
// Thread-safety: const calls from any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace::op {

class PieceTrie {
 public:
  PieceTrie() : values_(1, -1), slots_(64) {}

  void Add(std::string_view text, int32_t value) {
    uint32_t node = 0;
    for (const char c : text) {
      if (values_.size() * 2 > slots_.size()) Grow();
      Slot& slot = slots_[SlotOf(Key(node, c))];
      if (slot.node == 0) {
        slot = {Key(node, c), static_cast<uint32_t>(values_.size())};
        values_.push_back(-1);
      }
      node = slot.node;
    }
    values_[node] = value;
  }

  /// Calls found(value, bytes) for each text that `text` begins with, the shortest first.
  template <typename Found>
  void ForPrefixes(std::string_view text, const Found& found) const {
    uint32_t node = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      node = slots_[SlotOf(Key(node, text[i]))].node;
      if (node == 0) return;
      if (values_[node] >= 0) found(values_[node], i + 1);
    }
  }

  /// -1 for none.
  int32_t Find(std::string_view text) const {
    int32_t value = -1;
    ForPrefixes(text, [&](int32_t of, size_t bytes) {
      if (bytes == text.size()) value = of;
    });
    return value;
  }

 private:
  /// A child by its parent and its byte. Node 0, the root, is nobody's child: the slot is empty.
  struct Slot {
    uint64_t key = 0;
    uint32_t node = 0;
  };

  static uint64_t Key(uint32_t node, char c) {
    return static_cast<uint64_t>(node) << 8 | static_cast<unsigned char>(c);
  }
  size_t SlotOf(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    uint64_t hash = key * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 32;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
      if (slots_[at].node == 0 || slots_[at].key == key) return at;
    }
  }
  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.node != 0) slots_[SlotOf(slot.key)] = slot;
    }
  }

  std::vector<int32_t> values_;  // by node; -1 where none ends
  std::vector<Slot> slots_;      // a power of two, at most half of them taken
};

}  // namespace millrace::op
