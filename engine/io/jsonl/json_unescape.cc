#include "io/jsonl/json_unescape.h"

#include <array>
#include <cstring>

namespace millrace::io {
namespace {

constexpr std::array<uint8_t, 256> MakeSimpleEscapes() {
  std::array<uint8_t, 256> table{};
  table['"'] = '"';
  table['\\'] = '\\';
  table['/'] = '/';
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}
constexpr std::array<uint8_t, 256> kSimpleEscapes = MakeSimpleEscapes();

int HexDigit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The value of \uXXXX at `at`, or -1 when that is not what stands there.
int CodeUnit(const uint8_t* at, const uint8_t* end) {
  if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
  int value = 0;
  for (int i = 2; i < 6; ++i) {
    const int digit = HexDigit(at[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool IsHighSurrogate(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLowSurrogate(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

uint8_t* WriteUtf8(int code, uint8_t* out) {
  if (code < 0x80) {
    *out++ = static_cast<uint8_t>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<uint8_t>(0xC0 | (code >> 6));
    *out++ = static_cast<uint8_t>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out++ = static_cast<uint8_t>(0xE0 | (code >> 12));
    *out++ = static_cast<uint8_t>(0x80 | ((code >> 6) & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (code & 0x3F));
  } else {
    *out++ = static_cast<uint8_t>(0xF0 | (code >> 18));
    *out++ = static_cast<uint8_t>(0x80 | ((code >> 12) & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | ((code >> 6) & 0x3F));
    *out++ = static_cast<uint8_t>(0x80 | (code & 0x3F));
  }
  return out;
}

}  // namespace

Unescaped UnescapeJson(std::string_view text, uint8_t* out) {
  const auto* at = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* const end = at + text.size();
  while (true) {
    const auto left = static_cast<size_t>(end - at);
    const auto* backslash = static_cast<const uint8_t*>(std::memchr(at, '\\', left));
    const size_t run = backslash == nullptr ? left : static_cast<size_t>(backslash - at);
    if (out != nullptr) {
      std::memcpy(out, at, run);
      out += run;
    }
    if (backslash == nullptr) return {out, EscapeError::kNone, nullptr};
    if (backslash + 1 == end) return {out, EscapeError::kBadEscape, backslash};
    if (const uint8_t simple = kSimpleEscapes[backslash[1]]; simple != 0) {
      if (out != nullptr) *out++ = simple;
      at = backslash + 2;
      continue;
    }
    int code = CodeUnit(backslash, end);
    if (code < 0) return {out, EscapeError::kBadEscape, backslash};
    at = backslash + 6;
    if (IsLowSurrogate(code)) return {out, EscapeError::kLoneSurrogate, backslash};
    if (IsHighSurrogate(code)) {
      const int low = CodeUnit(at, end);
      if (!IsLowSurrogate(low)) return {out, EscapeError::kLoneSurrogate, backslash};
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    }
    if (out != nullptr) out = WriteUtf8(code, out);
  }
}

}  // namespace millrace::io
