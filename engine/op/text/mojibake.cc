#include "op/text/mojibake.h"

#include <algorithm>

#include "op/text/code_points.h"

namespace millrace::op {
namespace {

// cp1252 from 0x80 to 0x9F. Bytes that it leaves undefined were read as the control character of
// the same number.
constexpr char16_t kCp1252[32] = {0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
                                  0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

/// The byte that was read as the code point; -1 when none was.
int ByteOf(char32_t code) {
  if (code <= 0xFF) return static_cast<int>(code);
  for (int i = 0; i < 32; ++i) {
    if (kCp1252[i] == code) return 0x80 + i;
  }
  return -1;
}

// Quotes, dashes, the ellipsis and the no-break space, which may well follow a letter.
bool IsPunctuation(int byte) {
  switch (byte) {
    case 0x82:
    case 0x84:
    case 0x85:
    case 0x8B:
    case 0x91:
    case 0x92:
    case 0x93:
    case 0x94:
    case 0x96:
    case 0x97:
    case 0x9B:
    case 0xA0:
    case 0xAB:
    case 0xBB:
      return true;
    default:
      return false;
  }
}

size_t LengthOf(int lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

bool MayBe(char32_t code, size_t length) {
  switch (length) {
    case 2:
      // Control characters were hardly meant, but those that cp1252 made of a first reading.
      return code >= 0xA0 || kCp1252[code - 0x80] == code;
    case 3:
      return code >= 0x800 && (code < 0xD800 || code > 0xDFFF);
    default:
      return code >= 0x10000 && code <= 0x10FFFF;
  }
}

constexpr int kEnough = 2;

/// The line as it was; false, with nothing appended, when it is to stay.
bool AppendLine(std::string_view line, std::string* out) {
  const size_t before = out->size();
  int evidence = 0;
  size_t copied = 0;
  const auto give_up = [&] {
    out->resize(before);
    return false;
  };
  for (size_t at = 0; at < line.size();) {
    if (static_cast<unsigned char>(line[at]) < 0x80) {
      ++at;
      continue;
    }
    out->append(line, copied, at - copied);
    const int lead = ByteOf(NextCodePoint(line, &at));
    const size_t length = LengthOf(lead);
    if (length == 0) return give_up();
    char32_t code = static_cast<char32_t>(lead) & (0xFFu >> (length + 1));
    bool punctuation = true;
    for (size_t i = 1; i < length; ++i) {
      if (at == line.size()) return give_up();
      const int byte = ByteOf(NextCodePoint(line, &at));
      if (byte < 0x80 || byte > 0xBF) return give_up();
      punctuation &= IsPunctuation(byte);
      code = code << 6 | (static_cast<char32_t>(byte) & 0x3F);
    }
    if (!MayBe(code, length)) return give_up();
    // A-tilde or A-circumflex before a sign, or a letter before two, is hardly ever meant.
    if (!punctuation && code >= 0xA0) evidence += length > 2 || lead <= 0xC3 ? kEnough : 1;
    AppendCodePoint(code, out);
    copied = at;
  }
  if (evidence < kEnough) return give_up();
  out->append(line, copied);
  return true;
}

// All leads are the letters from A-circumflex to o-circumflex, whose UTF-8 begins with 0xC3.
bool MayHold(std::string_view text) { return text.find('\xC3') != std::string_view::npos; }

bool AppendPass(std::string_view text, std::string* out) {
  if (!MayHold(text)) return false;
  const size_t before = out->size();
  bool changed = false;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const std::string_view line = text.substr(begin, end - begin);
    if (MayHold(line) && AppendLine(line, out)) {
      changed = true;
    } else {
      out->append(line);
    }
    begin = end;
  }
  if (!changed) out->resize(before);
  return changed;
}

}  // namespace

bool AppendMojibakeRepaired(std::string_view text, std::string* out) {
  std::string repaired;
  if (!AppendPass(text, &repaired)) return false;
  for (int again = 0; again < 2; ++again) {
    std::string next;
    if (!AppendPass(repaired, &next)) break;
    repaired = std::move(next);
  }
  *out += repaired;
  return true;
}

}  // namespace millrace::op
