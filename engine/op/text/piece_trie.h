// Texts with numbers, found by their beginnings. Internal to sentence_piece.
//
// Thread-safety: const calls from any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace::op {

class PieceTrie {
 public:
  PieceTrie() : values_(1, -1) {}

  void Add(std::string_view text, int32_t value) {
    uint32_t node = 0;
    for (const char c : text) {
      const auto next = static_cast<uint32_t>(values_.size());
      const auto [at, added] = children_.emplace(Key(node, c), next);
      if (added) values_.push_back(-1);
      node = at->second;
    }
    values_[node] = value;
  }

  /// Calls found(value, bytes) for each text that `text` begins with, the shortest first.
  template <typename Found>
  void ForPrefixes(std::string_view text, const Found& found) const {
    uint32_t node = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const auto next = children_.find(Key(node, text[i]));
      if (next == children_.end()) return;
      node = next->second;
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
  static uint64_t Key(uint32_t node, char c) {
    return static_cast<uint64_t>(node) << 8 | static_cast<unsigned char>(c);
  }

  std::unordered_map<uint64_t, uint32_t> children_;
  std::vector<int32_t> values_;  // by node; -1 where none ends
};

}  // namespace millrace::op
