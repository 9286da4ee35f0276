#include "io/encoding/encoding.h"

#include <algorithm>
#include <array>

namespace millrace::io {
namespace {

struct Name {
  Encoding encoding;
  std::string_view name;
};
constexpr std::array<Name, 5> kNames = {{{Encoding::kUtf8, "utf-8"},
                                         {Encoding::kUtf16Le, "utf-16le"},
                                         {Encoding::kUtf16Be, "utf-16be"},
                                         {Encoding::kLatin1, "latin-1"},
                                         {Encoding::kCp1252, "cp1252"}}};

struct ByteCounts {
  int64_t bytes = 0, ascii_letters = 0, controls = 0, nul_even = 0, nul_odd = 0;
  int64_t high = 0;          // 0x80 and above
  int64_t high_letters = 0;  // letters of cp1252 among them
  int64_t odd_letters = 0;   // capitals inside words, and letters that hardly any language has
  int64_t beside_high = 0;   // those of `high` beside another one
  int64_t c1 = 0;            // 0x80 to 0x9f
  int64_t undefined = 0;     // what cp1252 leaves undefined
  int64_t sequences = 0;     // valid multi-byte sequences of UTF-8
  int64_t broken = 0;        // bytes that belong to none
};

bool IsUndefined(uint8_t c) {
  return c == 0x81 || c == 0x8d || c == 0x8f || c == 0x90 || c == 0x9d;
}

bool IsHighLetter(uint8_t c) {
  if (c >= 0xc0) return c != 0xd7 && c != 0xf7;
  return c == 0x8a || c == 0x8c || c == 0x8e || c == 0x9a || c == 0x9c || c == 0x9e || c == 0x9f ||
         c == 0xaa || c == 0xb5 || c == 0xba;
}

// Bytes of the UTF-8 sequence at the start of `text`; 0: none; -1: cut off by the text's end.
int SequenceBytes(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = at(0);
  const int bytes = lead >= 0xc2 && lead < 0xe0   ? 2
                    : lead >= 0xe0 && lead < 0xf0 ? 3
                    : lead >= 0xf0 && lead < 0xf5 ? 4
                                                  : 0;
  for (int i = 1; i < bytes; ++i) {
    if (static_cast<size_t>(i) >= text.size()) return -1;
    if ((at(static_cast<size_t>(i)) & 0xc0) != 0x80) return 0;
  }
  if (bytes == 3 && ((lead == 0xe0 && at(1) < 0xa0) || (lead == 0xed && at(1) > 0x9f))) return 0;
  if (bytes == 4 && ((lead == 0xf0 && at(1) < 0x90) || (lead == 0xf4 && at(1) > 0x8f))) return 0;
  return bytes;
}

void CountBytes(std::string_view text, ByteCounts* counts) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<uint8_t>(text[i]);
    ++counts->bytes;
    if (c == 0) ++(i % 2 == 0 ? counts->nul_even : counts->nul_odd);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) ++counts->ascii_letters;
    const bool separator = c >= 0x1c && c <= 0x1f;  // some use these as delimiters
    if ((c < 0x20 && c > 2 && c != '\n' && c != '\r' && c != '\t' && !separator) || c == 0x7f) {
      ++counts->controls;
    }
    if (c < 0x80) continue;
    ++counts->high;
    counts->high_letters += IsHighLetter(c) ? 1 : 0;
    const char before = i > 0 ? text[i - 1] : ' ';
    const char behind = i + 1 < text.size() ? text[i + 1] : ' ';
    const bool beside = ((before | behind) & 0x80) != 0;
    counts->beside_high += beside ? 1 : 0;
    const bool capital = c >= 0xc0 && c <= 0xde;
    counts->odd_letters += (capital && before >= 'a' && before <= 'z') || c == 0xff ? 1 : 0;
    counts->c1 += c < 0xa0 ? 1 : 0;
    counts->undefined += IsUndefined(c) ? 1 : 0;
  }
}

// A part that was cut out of the middle may start inside a sequence.
void CountSequences(std::string_view text, bool from_middle, ByteCounts* counts) {
  size_t i = 0;
  while (from_middle && i < 3 && i < text.size() && (text[i] & 0xc0) == 0x80) ++i;
  while (i < text.size()) {
    if (static_cast<uint8_t>(text[i]) < 0x80) {
      ++i;
      continue;
    }
    const int bytes = SequenceBytes(text.substr(i, 4));
    if (bytes < 0) return;
    if (bytes > 0) {
      ++counts->sequences;
      i += static_cast<size_t>(bytes);
    } else {
      ++counts->broken;
      ++i;
    }
  }
}

DetectedEncoding Told(Encoding encoding, int bom_bytes, double confidence, std::string reason) {
  DetectedEncoding told;
  told.encoding = encoding;
  told.bom_bytes = bom_bytes;
  told.confidence = confidence;
  told.reason = std::move(reason);
  return told;
}

DetectedEncoding SingleByte(const ByteCounts& counts) {
  const double letters =
      static_cast<double>(counts.high_letters) / static_cast<double>(counts.high);
  const int64_t all_letters = counts.ascii_letters + counts.high_letters;
  const double dense =
      static_cast<double>(counts.high) / static_cast<double>(std::max<int64_t>(1, all_letters));
  const bool latin = counts.undefined > 0;
  // Western text has a few marked letters between plain ones, and signs such as that of the euro
  // beside numbers; Cyrillic, Greek and the multi-byte encodings of East Asia are made of high
  // bytes, one behind the other.
  const bool made_of = dense > 0.35 && counts.high > 8 && counts.beside_high * 2 > counts.high;
  double confidence = made_of ? 0.3 : letters < 0.5 ? 0.7 : 0.9;
  if (latin) confidence = std::min(confidence, 0.4);
  return Told(
      latin ? Encoding::kLatin1 : Encoding::kCp1252, 0, confidence,
      std::string("the file is not UTF-8; its bytes read as ") +
          (latin           ? "latin-1, and some of them are control characters there"
           : counts.c1 > 0 ? "cp1252"
                           : "cp1252, which is latin-1 where it has no bytes from 0x80 to 0x9f"));
}

}  // namespace

std::string_view EncodingName(Encoding encoding) {
  for (const Name& name : kNames) {
    if (name.encoding == encoding) return name.name;
  }
  return "";
}

std::optional<Encoding> EncodingByName(std::string_view name) {
  for (const Name& known : kNames) {
    if (known.name == name) return known.encoding;
  }
  return std::nullopt;
}

const std::vector<std::string>& EncodingNames() {
  static const auto* names = [] {
    auto* list = new std::vector<std::string>();
    for (const Name& name : kNames) list->emplace_back(name.name);
    return list;
  }();
  return *names;
}

DetectedEncoding DetectEncoding(std::string_view head, const std::vector<std::string>& others) {
  if (head.substr(0, 3) == "\xef\xbb\xbf") {
    return Told(Encoding::kUtf8, 3, 1, "the file starts with a UTF-8 byte order mark");
  }
  if (head.substr(0, 2) == "\xff\xfe") {
    return Told(Encoding::kUtf16Le, 2, 1, "the file starts with a UTF-16 (LE) byte order mark");
  }
  if (head.substr(0, 2) == "\xfe\xff") {
    return Told(Encoding::kUtf16Be, 2, 1, "the file starts with a UTF-16 (BE) byte order mark");
  }
  ByteCounts counts;
  CountBytes(head, &counts);
  const int64_t pairs = counts.bytes / 2;
  const auto mostly = [&](int64_t zeros) { return pairs > 1 && zeros * 10 >= pairs * 4; };
  const auto hardly = [&](int64_t zeros) { return zeros * 20 <= pairs; };
  if (mostly(counts.nul_odd) && hardly(counts.nul_even)) {
    return Told(Encoding::kUtf16Le, 0, 0.9, "every other byte is zero: UTF-16 (LE) without a mark");
  }
  if (mostly(counts.nul_even) && hardly(counts.nul_odd)) {
    return Told(Encoding::kUtf16Be, 0, 0.9, "every other byte is zero: UTF-16 (BE) without a mark");
  }
  CountSequences(head, false, &counts);
  for (const std::string& part : others) {
    CountBytes(part, &counts);
    CountSequences(part, true, &counts);
  }
  if (counts.broken == 0) return {};
  const bool no_text = counts.controls * 20 > counts.bytes ||
                       (counts.nul_even + counts.nul_odd) * 100 > counts.bytes;
  if (no_text) return {};
  if (counts.sequences >= counts.broken * 4) {
    return Told(Encoding::kUtf8, 0, 0.9, "the file is UTF-8, with some bytes that are not");
  }
  // What makes no words of a western language is damage: rejects, not another text.
  if (counts.sequences == 0 && counts.odd_letters * 4 > counts.high) {
    return Told(Encoding::kUtf8, 0, 0.7, "the file is UTF-8, with some bytes that are not");
  }
  if (counts.sequences * 4 > counts.broken) {
    return Told(Encoding::kCp1252, 0, 0.3, "the file mixes UTF-8 and another encoding");
  }
  return SingleByte(counts);
}

}  // namespace millrace::io
