#include "op/text/text_counts.h"

#include <algorithm>

#include "base/byte_vector.h"
#include "base/utf8.h"

namespace millrace::op {
namespace {

ByteVector Within(ByteVector bytes, uint8_t first, uint8_t count) {
  return reinterpret_cast<ByteVector>(bytes - first < count);
}
int Within(unsigned char byte, unsigned char first, unsigned char count) {
  return static_cast<unsigned char>(byte - first) < count;
}

// Of a byte or a vector of them.
template <typename Bytes>
auto IsSpace(Bytes bytes) {
  return Within(bytes, '\t', 5) | Within(bytes, ' ', 1);
}
template <typename Bytes>
auto IsLetter(Bytes bytes) {
  return Within(static_cast<Bytes>(bytes | 0x20), 'a', 26) | Within(bytes, 0xC3, 0x3D);
}

// A word begins where white space ends, so each byte is looked at beside the one before it.
void CountBytes(const char* begin, const char* end, TextCounts* counts) {
  const auto add = [counts](unsigned char byte, bool behind_space) {
    const bool space = IsSpace(byte) != 0;
    counts->chars += (byte & 0xC0u) != 0x80u;
    counts->spaces += space;
    counts->words += behind_space && !space;
    counts->letters += IsLetter(byte);
    counts->digits += Within(byte, '0', 10);
  };
  if (begin == end) return;
  add(static_cast<unsigned char>(*begin), true);
  const char* at = begin + 1;
  while (static_cast<size_t>(end - at) >= kVectorBytes) {
    ByteVector chars{}, spaces{}, words{}, letters{}, digits{};
    const auto left = static_cast<size_t>(end - at) / kVectorBytes;
    for (size_t i = std::min(left, kLaneCountMax); i > 0; --i, at += kVectorBytes) {
      const ByteVector bytes = LoadBytes(at);
      const ByteVector space = IsSpace(bytes);
      chars -= Begins(bytes);
      spaces -= space;
      words -= IsSpace(LoadBytes(at - 1)) & ~space;
      letters -= IsLetter(bytes);
      digits -= Within(bytes, '0', 10);
    }
    counts->chars += SumOf(chars);
    counts->spaces += SumOf(spaces);
    counts->words += SumOf(words);
    counts->letters += SumOf(letters);
    counts->digits += SumOf(digits);
  }
  for (; at < end; ++at) {
    add(static_cast<unsigned char>(*at), IsSpace(static_cast<unsigned char>(at[-1])) != 0);
  }
}

void CountLines(std::string_view text, TextCounts* counts) {
  for (size_t begin = 0; begin < text.size(); ++counts->lines) {
    const std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
    // No line has more code points than bytes.
    if (static_cast<int64_t>(line.size()) > counts->line_max) {
      counts->line_max = std::max(counts->line_max, CodePoints(line));
    }
    begin += line.size() + 1;
  }
}

}  // namespace

TextCounts CountText(std::string_view text) {
  TextCounts counts;
  CountBytes(text.data(), text.data() + text.size(), &counts);
  CountLines(text, &counts);
  return counts;
}

}  // namespace millrace::op
