#include "base/utf8.h"

#include <algorithm>
#include <array>

#include "base/byte_vector.h"

namespace millrace {
namespace {

constexpr std::string_view kCut = "…";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u; }

}  // namespace

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
  uint32_t value = first & kFirstMask[length];
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
    value = value << 6 | (byte(at + i) & 0x3F);
  }
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  if (value < kLeast[length] || value > 0x10FFFF || surrogate) return 0;
  *point = value;
  return length;
}

int64_t CodePoints(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  int64_t count = 0;
  while (static_cast<size_t>(end - at) >= kVectorBytes) {
    ByteVector found{};
    const auto left = static_cast<size_t>(end - at) / kVectorBytes;
    for (size_t i = std::min(left, kLaneCountMax); i > 0; --i, at += kVectorBytes) {
      found -= Begins(LoadBytes(at));
    }
    count += SumOf(found);
  }
  return count + std::count_if(at, end, [](char c) { return !Continues(c); });
}

std::string CutText(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t end = bytes_max;
  while (end > 0 && Continues(text[end])) --end;
  return std::string(text.substr(0, end)).append(kCut);
}

std::string CutValidText(std::string_view text, size_t bytes_max) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    uint32_t point = 0;
    const size_t length = CodePointAt(text, at, &point);
    if (at + std::max<size_t>(length, 1) > bytes_max) return out.append(kCut);
    out += length == 0 ? kReplacement : text.substr(at, length);
    at += std::max<size_t>(length, 1);
  }
  return out;
}

}  // namespace millrace
