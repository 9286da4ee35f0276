#include "io/jsonl/array_scanner.h"

#include <array>
#include <cstring>

namespace millrace::io {
namespace {

enum : uint8_t { kAtTop = 1, kNested = 2 };  // where a byte means something

constexpr std::array<uint8_t, 256> MakeMeaning() {
  std::array<uint8_t, 256> table{};
  for (char c : {'{', '}', '[', ']', '"'}) table[static_cast<uint8_t>(c)] = kAtTop | kNested;
  table[','] = kAtTop;
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

/// Whether the byte behind text[from, to), which begins inside a string, is escaped.
bool EndsInEscape(const uint8_t* text, size_t from, size_t to) {
  size_t run = to;
  while (run > from && text[run - 1] == '\\') --run;
  return (to - run) % 2 == 1;
}

}  // namespace

size_t ArrayScanner::SkipString(const uint8_t* text, size_t from, size_t to) {
  size_t at = from + (escaped_ ? 1 : 0);
  escaped_ = false;
  while (at < to) {
    const void* found = std::memchr(text + at, '"', to - at);
    const size_t quote =
        found != nullptr ? static_cast<size_t>(static_cast<const uint8_t*>(found) - text) : to;
    const bool escaped = EndsInEscape(text, at, quote);
    if (quote == to) {
      escaped_ = escaped;
      return to;
    }
    at = quote + 1;
    if (escaped) continue;
    in_string_ = false;
    return at;
  }
  return to;
}

size_t ArrayScanner::Find(const uint8_t* text, size_t from, size_t to) {
  size_t at = from;
  while (at < to) {
    if (in_string_) {
      at = SkipString(text, at, to);
      continue;
    }
    at = Skip(text, at, to, depth_ == 0 ? kAtTop : kNested);
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
        return at;  // a comma at the top
    }
    ++at;
  }
  return to;
}

}  // namespace millrace::io
