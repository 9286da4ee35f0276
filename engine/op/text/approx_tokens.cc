#include "op/text/approx_tokens.h"

#include <algorithm>
#include <array>

#include "op/text/code_points.h"

namespace millrace::op {
namespace {

enum class Script : uint8_t {
  kWord,   // Latin letters
  kDigit,  // of ASCII, and so the next three
  kSpace,
  kLineEnd,
  kMark,
  kPunctuation,  // beyond ASCII
  kGreek,
  kCyrillic,
  kHebrew,
  kArabic,
  kIndic,
  kThai,
  kKana,
  kHangul,
  kHan,
  kWide,
  kOther,
};

constexpr std::array<Script, 128> MakeAscii() {
  std::array<Script, 128> scripts{};
  for (size_t c = 0; c < 128; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    scripts[c] = letter                   ? Script::kWord
                 : c >= '0' && c <= '9'   ? Script::kDigit
                 : c == ' '               ? Script::kSpace
                 : c >= '\t' && c <= '\r' ? Script::kLineEnd
                                          : Script::kMark;
  }
  return scripts;
}
constexpr std::array<Script, 128> kAscii = MakeAscii();

struct Range {
  char32_t first, last;
  Script script;
};
constexpr Range kRanges[] = {
    {0x80, 0xBF, Script::kPunctuation},     {0xC0, 0x24F, Script::kWord},
    {0x250, 0x36F, Script::kOther},         {0x370, 0x3FF, Script::kGreek},
    {0x400, 0x52F, Script::kCyrillic},      {0x530, 0x58F, Script::kOther},
    {0x590, 0x5FF, Script::kHebrew},        {0x600, 0x77F, Script::kArabic},
    {0x780, 0x8FF, Script::kOther},         {0x900, 0xDFF, Script::kIndic},
    {0xE00, 0xEFF, Script::kThai},          {0xF00, 0x1DFF, Script::kOther},
    {0x1E00, 0x1EFF, Script::kWord},        {0x1F00, 0x1FFF, Script::kOther},
    {0x2000, 0x206F, Script::kPunctuation}, {0x2070, 0x2FFF, Script::kOther},
    {0x3000, 0x303F, Script::kWide},        {0x3040, 0x30FF, Script::kKana},
    {0x3100, 0x33FF, Script::kOther},       {0x3400, 0x9FFF, Script::kHan},
    {0xA000, 0xABFF, Script::kOther},       {0xAC00, 0xD7AF, Script::kHangul},
    {0xD7B0, 0xFEFF, Script::kOther},       {0xFF00, 0xFFEF, Script::kWide},
    {0xFFF0, 0x1FFFF, Script::kOther},      {0x20000, 0x31FFF, Script::kHan},
    {0x32000, 0x10FFFF, Script::kOther},
};

Script ScriptOf(char32_t code) {
  if (code < 0x80) return kAscii[code];
  const auto* range = std::lower_bound(std::begin(kRanges), std::end(kRanges), code,
                                       [](const Range& r, char32_t c) { return r.last < c; });
  return range->script;
}

// Longer runs are pieces of their own, so that no piece is heavy.
constexpr size_t kWordMax = 64, kDigitsMax = 24, kOthersMax = 16;

struct Run {
  size_t length = 0;  // code points
  bool beyond_ascii = false;
};

Run ReadRun(std::string_view text, Script script, size_t length_max, size_t* at) {
  Run run;
  while (run.length < length_max && *at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[*at]);
    if (byte < 0x80) {
      if (kAscii[byte] != script) break;
      ++*at;
    } else {
      size_t end = *at;
      if (ScriptOf(NextCodePoint(text, &end)) != script) break;
      *at = end;
      run.beyond_ascii = true;
    }
    ++run.length;
  }
  return run;
}

int64_t WordWeight(const Run& word) {
  const auto length = static_cast<int64_t>(word.length);
  int64_t weight = word.beyond_ascii ? 93 : 0;
  if (length <= 5) return weight + 34;
  if (length <= 8) return weight + 106;
  if (length <= 12) return weight + 155;
  if (length > 16) weight += (length - 16) / 4 * kTokenWeight;
  return weight + 299;
}

// Of a character.
int64_t CharacterWeight(Script script) {
  switch (script) {
    case Script::kPunctuation:
      return 18;
    case Script::kGreek:
      return 25;
    case Script::kHebrew:
      return 29;
    case Script::kArabic:
      return 23;
    case Script::kIndic:
      return 24;
    case Script::kThai:
      return 27;
    case Script::kKana:
    case Script::kHan:
      return 49;
    case Script::kHangul:
      return 48;
    case Script::kWide:
      return 111;
    default:
      return 86;
  }
}

}  // namespace

int64_t NextPieceWeight(std::string_view text, size_t* at) {
  size_t behind_first = *at;
  const Script script = ScriptOf(NextCodePoint(text, &behind_first));
  switch (script) {
    case Script::kWord:
      return WordWeight(ReadRun(text, script, kWordMax, at));
    case Script::kDigit:
      return static_cast<int64_t>((ReadRun(text, script, kDigitsMax, at).length + 2) / 3) * 119;
    case Script::kMark:
      return 42 + 4 * static_cast<int64_t>(ReadRun(text, script, kOthersMax, at).length);
    case Script::kCyrillic:
      ReadRun(text, script, kOthersMax, at);
      return 115;
    case Script::kSpace:
      // A single blank goes with what follows it.
      return ReadRun(text, script, text.size(), at).length > 1 ? 35 : 0;
    case Script::kLineEnd: {
      // With the indentation of the next line.
      const size_t begin = *at;
      while (*at < text.size() && (text[*at] == ' ' || (text[*at] >= '\t' && text[*at] <= '\r'))) {
        ++*at;
      }
      return *at - begin > 2 ? 110 : 75;
    }
    default:
      return static_cast<int64_t>(ReadRun(text, script, kOthersMax, at).length) *
             CharacterWeight(script);
  }
}

int64_t WeightOf(std::string_view text) {
  int64_t weight = 0;
  for (size_t at = 0; at < text.size();) weight += NextPieceWeight(text, &at);
  return weight;
}

int64_t ApproxTokens(std::string_view text) {
  if (text.empty()) return 0;
  return std::max<int64_t>(1, (WeightOf(text) + kTokenWeight / 2) / kTokenWeight);
}

}  // namespace millrace::op
