#include "op/tokenizer/charsmap.h"

#include <utf8proc.h>

#include <cstring>

#include "base/utf8.h"
#include "op/text/code_points.h"

namespace millrace::op {
namespace {

// Of a cluster of more bytes only its characters are looked up.
constexpr size_t kClusterBytesMax = 5;

bool HasLeaf(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t Value(uint32_t unit) { return unit & 0x7fffffff; }
uint32_t Label(uint32_t unit) { return unit & 0x800000ff; }
uint32_t Offset(uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); }

std::optional<std::string> FromBase64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (const char c : text) {
    const int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count & 0xFF));
    }
  }
  return out;
}

}  // namespace

Result<Charsmap> Charsmap::Parse(std::string_view base64) {
  Charsmap map;
  const auto bytes = FromBase64(base64);
  uint32_t size = 0;
  const size_t head = sizeof size;
  if (bytes.has_value() && bytes->size() > head) std::memcpy(&size, bytes->data(), head);
  if (size == 0 || size % sizeof(uint32_t) != 0 || size > bytes->size() - head) {
    return MakeError(ErrorCode::kBadValue, "its table of replacements is damaged");
  }
  map.units_.resize(size / sizeof(uint32_t));
  std::memcpy(map.units_.data(), bytes->data() + head, size);
  map.replacements_ = bytes->substr(head + size);
  uint32_t point = 0;
  for (size_t at = 0; at < map.replacements_.size();) {
    const size_t length = CodePointAt(map.replacements_, at, &point);
    if (length == 0) {
      return MakeError(ErrorCode::kBadValue, "its table of replacements holds no UTF-8");
    }
    at += length;
  }
  return map;
}

// The shortest beginning that there is a replacement of stands for the whole part.
std::optional<std::string_view> Charsmap::ReplacementOf(std::string_view part) const {
  size_t node = Offset(units_[0]);
  for (const char c : part) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) return std::nullopt;
    node ^= byte;
    if (node >= units_.size() || Label(units_[node]) != byte) return std::nullopt;
    const uint32_t unit = units_[node];
    node ^= Offset(unit);
    if (node >= units_.size()) return std::nullopt;
    if (!HasLeaf(unit)) continue;
    const uint32_t begin = Value(units_[node]);
    if (begin >= replacements_.size()) return std::nullopt;
    // Within a character: what a table that was made for texts does not say.
    if ((static_cast<unsigned char>(replacements_[begin]) & 0xC0u) == 0x80u) return std::nullopt;
    const std::string_view rest = std::string_view(replacements_).substr(begin);
    return rest.substr(0, rest.find('\0'));
  }
  return std::nullopt;
}

bool Charsmap::Append(std::string_view text, std::string* out) const {
  const size_t before = out->size();
  bool changed = false;
  for (size_t begin = 0; begin < text.size();) {
    // A cluster of characters that are seen as one.
    size_t end = begin;
    char32_t code = NextCodePoint(text, &end);
    int32_t state = 0;
    size_t characters = 1;
    while (end < text.size()) {
      size_t behind = end;
      const char32_t next = NextCodePoint(text, &behind);
      if (next < 128 && code < 128 && !(code == '\r' && next == '\n')) break;
      if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(code),
                                           static_cast<utf8proc_int32_t>(next), &state) != 0) {
        break;
      }
      code = next;
      end = behind;
      ++characters;
    }
    const std::string_view cluster = text.substr(begin, end - begin);
    begin = end;
    if (characters > 1 && cluster.size() <= kClusterBytesMax) {
      if (const auto replacement = ReplacementOf(cluster)) {
        changed = true;
        *out += *replacement;
        continue;
      }
    }
    for (size_t at = 0; at < cluster.size();) {
      const size_t from = at;
      NextCodePoint(cluster, &at);
      const std::string_view part = cluster.substr(from, at - from);
      const auto replacement = ReplacementOf(part);
      changed |= replacement.has_value();
      *out += replacement.value_or(part);
    }
  }
  if (!changed) out->resize(before);
  return changed;
}

}  // namespace millrace::op
