#include "base/escaped_text.h"

#include <algorithm>
#include <cstdint>

#include "base/utf8.h"

namespace millrace {
namespace {

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
