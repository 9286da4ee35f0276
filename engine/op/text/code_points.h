// Code points of UTF-8 that is known to be valid.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace millrace::op {

/// The code point at `*at`, which moves behind it. REQUIRES: `*at` is where one begins.
inline char32_t NextCodePoint(std::string_view text, size_t* at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[*at + i]); };
  const char32_t first = byte(0);
  if (first < 0x80) {
    ++*at;
    return first;
  }
  const auto more = [&](size_t i) { return static_cast<char32_t>(byte(i) & 0x3Fu); };
  char32_t code;
  if (first < 0xE0) {
    code = (first & 0x1Fu) << 6 | more(1);
    *at += 2;
  } else if (first < 0xF0) {
    code = (first & 0x0Fu) << 12 | more(1) << 6 | more(2);
    *at += 3;
  } else {
    code = (first & 0x07u) << 18 | more(1) << 12 | more(2) << 6 | more(3);
    *at += 4;
  }
  return code;
}

inline void AppendCodePoint(char32_t code, std::string* out) {
  const auto byte = [out](char32_t value) { out->push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

/// Unicode's White_Space.
inline bool IsSpace(char32_t code) {
  if (code < 0x80) return code == ' ' || (code >= '\t' && code <= '\r');
  return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
         code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

inline bool IsAscii(std::string_view text) {
  size_t i = 0;
  uint64_t any = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    any |= word;
  }
  unsigned char rest = 0;
  for (; i < text.size(); ++i) rest |= static_cast<unsigned char>(text[i]);
  return (any & 0x8080808080808080u) == 0 && rest < 0x80;
}

}  // namespace millrace::op
