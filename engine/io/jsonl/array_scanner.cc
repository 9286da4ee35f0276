#include "io/jsonl/array_scanner.h"

#include <array>

namespace millrace::io {
namespace {

enum : uint8_t { kOutside = 1, kInString = 2 };  // where a byte means something

constexpr std::array<uint8_t, 256> MakeMeaning() {
  std::array<uint8_t, 256> table{};
  for (char c : {'{', '}', '[', ']', ','}) table[static_cast<uint8_t>(c)] = kOutside;
  table['"'] = kOutside | kInString;
  table['\\'] = kInString;
  return table;
}
constexpr std::array<uint8_t, 256> kMeaning = MakeMeaning();

size_t Skip(const uint8_t* text, size_t at, size_t to, uint8_t where) {
  while (to - at >= 4) {
    if ((kMeaning[text[at]] & where) != 0) return at;
    if ((kMeaning[text[at + 1]] & where) != 0) return at + 1;
    if ((kMeaning[text[at + 2]] & where) != 0) return at + 2;
    if ((kMeaning[text[at + 3]] & where) != 0) return at + 3;
    at += 4;
  }
  while (at < to && (kMeaning[text[at]] & where) == 0) ++at;
  return at;
}

}  // namespace

size_t ArrayScanner::Find(const uint8_t* text, size_t from, size_t to) {
  size_t at = from;
  while (at < to) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
        ++at;
        continue;
      }
      at = Skip(text, at, to, kInString);
      if (at == to) break;
      (text[at++] == '"' ? in_string_ : escaped_) ^= true;
      continue;
    }
    at = Skip(text, at, to, kOutside);
    if (at == to) break;
    switch (text[at]) {
      case '"':
        in_string_ = true;
        break;
      case '{':
      case '[':
        ++depth_;
        break;
      case '}':
        if (depth_ > 0) --depth_;
        break;
      case ']':
        if (depth_ == 0) return at;
        --depth_;
        break;
      default:
        if (depth_ == 0) return at;
        break;
    }
    ++at;
  }
  return to;
}

}  // namespace millrace::io
