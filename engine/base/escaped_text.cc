#include "base/escaped_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace millrace {
namespace {

// A code point of well-formed UTF-8 at `at`, and its length; 0 where there is none.
size_t CodePointAt(std::string_view text, size_t at, uint32_t* point) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const uint32_t first = byte(at);
  const size_t length = first < 0x80                    ? 1
                        : first >= 0xC2 && first < 0xE0 ? 2
                        : first >= 0xE0 && first < 0xF0 ? 3
                        : first >= 0xF0 && first < 0xF5 ? 4
                                                        : 0;
  if (length == 0) return 0;
  static constexpr std::array<uint32_t, 5> kFirstMask = {0, 0x7F, 0x1F, 0x0F, 0x07};
  static constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  *point = first & kFirstMask[length];
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
    *point = *point << 6 | (byte(at + i) & 0x3F);
  }
  const bool surrogate = *point >= 0xD800 && *point < 0xE000;
  return *point < kLeast[length] || *point > 0x10FFFF || surrogate ? 0 : length;
}

bool IsTricky(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0xAD || point == 0x61C ||
         (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
         (point >= 0xFFF0 && point <= 0xFFFF) || point >= 0xE0000;
}

std::string Hex(const char* mark, uint32_t value, int digits) {
  std::string out = mark;
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += "0123456789abcdef"[value >> shift & 0xF];
  }
  return out;
}

// The escape of a code point (or, without `length`, of a byte) in YAML's and our own notation.
std::string Escape(uint32_t point, size_t length) {
  if (length > 0 && point == '\n') return "\\n";
  if (length > 0 && point == '\r') return "\\r";
  if (length > 0 && point == '\t') return "\\t";
  if (point < 0x100 && length <= 1) return Hex("\\x", point, 2);
  return point > 0xFFFF ? Hex("\\U", point, 8) : Hex("\\u", point, 4);
}

}  // namespace

std::string EscapedText(std::string_view text, size_t bytes_max) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (out.size() >= bytes_max) return out + "…";
    uint32_t point = static_cast<unsigned char>(text[at]);
    const size_t length = CodePointAt(text, at, &point);
    if (length == 0) point = static_cast<unsigned char>(text[at]);
    out += length == 0 || IsTricky(point) ? Escape(point, length)
                                          : std::string(text.substr(at, length));
    at += std::max<size_t>(length, 1);
  }
  return out;
}

std::string QuotedYaml(std::string_view text) {
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    uint32_t point = static_cast<unsigned char>(text[at]);
    const size_t length = CodePointAt(text, at, &point);
    if (length == 1 && (point == '"' || point == '\\')) {
      out += '\\';
      out += text[at];
    } else if (length > 0 && IsTricky(point)) {
      out += Escape(point, length);
    } else {
      out += text.substr(at, std::max<size_t>(length, 1));
    }
    at += std::max<size_t>(length, 1);
  }
  return out + '"';
}

}  // namespace millrace
