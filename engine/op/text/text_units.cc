#include "op/text/text_units.h"

#include <algorithm>

#include "op/text/approx_tokens.h"
#include "op/text/code_points.h"

namespace millrace::op {
namespace {

// A word and the white space behind it; white space alone at the beginning of a text.
struct Word {
  size_t end = 0;
  int64_t characters = 0;
};

Word NextWord(std::string_view text, size_t at) {
  Word word{at};
  bool in_space = false;
  while (word.end < text.size()) {
    size_t next = word.end;
    const bool space = IsSpace(NextCodePoint(text, &next));
    if (in_space && !space) break;
    in_space = space;
    word.end = next;
    ++word.characters;
  }
  return word;
}

bool IsEndMark(char32_t code) {
  return code == '.' || code == '!' || code == '?' || code == 0x2026 || code == 0x203D ||
         code == 0x61F || code == 0x6D4 || code == 0x964 || code == 0x965;
}

bool IsFullWidthEndMark(char32_t code) {
  return code == 0x3002 || code == 0xFF01 || code == 0xFF1F || code == 0xFF0E;
}

bool IsClosing(char32_t code) {
  return code == '"' || code == '\'' || code == ')' || code == ']' || code == 0xBB ||
         code == 0x2019 || code == 0x201D || code == 0x300D || code == 0x300F || code == 0xFF09;
}

}  // namespace

std::vector<TextUnit> CharacterUnits(std::string_view text, int64_t bound) {
  const int64_t part = bound / 4 + 1;
  std::vector<TextUnit> units;
  for (size_t at = 0; at < text.size();) {
    const Word word = NextWord(text, at);
    int64_t left = word.characters;
    while (left > part) {
      for (int64_t i = 0; i < part; ++i) NextCodePoint(text, &at);
      units.push_back({at, part});
      left -= part;
    }
    units.push_back({word.end, left});
    at = word.end;
  }
  return units;
}

std::vector<TextUnit> TokenUnits(std::string_view text, int64_t bound) {
  std::vector<TextUnit> units;
  for (size_t at = 0; at < text.size();) {
    const size_t end = NextWord(text, at).end;
    const std::string_view word = text.substr(at, end - at);
    const int64_t weight = WeightOf(word);
    if (weight <= bound / 4) {
      units.push_back({end, weight});
    } else {
      for (size_t piece = 0; piece < word.size();) {
        const int64_t piece_weight = NextPieceWeight(word, &piece);
        units.push_back({at + piece, piece_weight});
      }
    }
    at = end;
  }
  return units;
}

std::vector<TextUnit> SentenceUnits(std::string_view text) {
  std::vector<TextUnit> units;
  bool any = false;         // behind anything but white space
  bool ended = false;       // behind a mark that ends a sentence
  bool full_width = false;  // that needs no white space behind it
  bool in_space = false;    // behind white space that ends one
  int feeds = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const char32_t code = NextCodePoint(text, &at);
    const bool space = IsSpace(code);
    if (space) {
      feeds += code == '\n';
      in_space |= ended || feeds > 1;
      continue;
    }
    const bool closes = IsClosing(code) && !in_space;
    const bool starts = in_space || (full_width && !closes && !IsFullWidthEndMark(code));
    if (starts && any) units.push_back({begin, 1});
    if (starts) ended = full_width = false;
    any = true;
    in_space = false;
    feeds = 0;
    if (IsFullWidthEndMark(code)) {
      ended = full_width = true;
    } else if (IsEndMark(code)) {
      ended = true;
    } else if (!closes) {
      ended = full_width = false;
    }
  }
  if (!text.empty()) units.push_back({text.size(), 1});
  return units;
}

}  // namespace millrace::op
