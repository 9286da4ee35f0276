#include "op/text/text_units.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "op/text/approx_tokens.h"

namespace millrace::op {
namespace {

std::vector<std::string> Parts(const std::string& text, const std::vector<TextUnit>& units) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (const TextUnit& unit : units) {
    parts.push_back(text.substr(begin, unit.end - begin));
    begin = unit.end;
  }
  CHECK(begin == text.size());
  return parts;
}

using Strings = std::vector<std::string>;

TEST_CASE("sentences end at marks before white space, and at empty lines") {
  const auto sentences = [](const std::string& text) { return Parts(text, SentenceUnits(text)); };
  CHECK(sentences("").empty());
  CHECK(sentences("One. Two!  Three?\nFour") == Strings{"One. ", "Two!  ", "Three?\n", "Four"});
  CHECK(sentences("\"Stop!\" he said. (Really.) Yes") ==
        Strings{"\"Stop!\" ", "he said. ", "(Really.) ", "Yes"});
  CHECK(sentences("3.14 is pi... or not") == Strings{"3.14 is pi... ", "or not"});
  CHECK(sentences("a title\n\nand text\nthat goes on") ==
        Strings{"a title\n\n", "and text\nthat goes on"});
  CHECK(sentences("\n\n x. ") == Strings{"\n\n x. "});
  CHECK(sentences("\u4F60\u597D\u3002\u300C\u518D\u89C1\uFF01\u300D\u597D") ==
        Strings{"\u4F60\u597D\u3002", "\u300C\u518D\u89C1\uFF01\u300D", "\u597D"});
}

TEST_CASE("words stay whole where they are short enough") {
  const auto words = [](const std::string& text, int64_t bound) {
    return Parts(text, CharacterUnits(text, bound));
  };
  CHECK(words(" one  two\u00A0\u4E09", 100) == Strings{" ", "one  ", "two\u00A0", "\u4E09"});
  CHECK(words("abcdefghijklm n", 16) == Strings{"abcde", "fghij", "klm ", "n"});
}

TEST_CASE("units join to the text and keep to their bound") {
  const std::string_view pieces[] = {
      " ", "\n",     "word",   "1234567",    "\u00E9",     "\u4E2D\u6587", ".",
      "!", "\u3002", "\u3000", "\U0001F600", "longerword", "\"",           "\uFF01"};
  const uint32_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (size_t length = random() % 60; length > 0; --length) {
      text += pieces[random() % std::size(pieces)];
    }
    CAPTURE(text);
    const int64_t bound = 16 + static_cast<int64_t>(random() % 40);
    Parts(text, SentenceUnits(text));
    for (const TextUnit& unit : CharacterUnits(text, bound)) REQUIRE(unit.weight <= bound / 4 + 1);
    Parts(text, CharacterUnits(text, bound));
    for (const TextUnit& unit : TokenUnits(text, 32 * kTokenWeight)) {
      REQUIRE(unit.weight <= kPieceTokensMax * kTokenWeight);
    }
    Parts(text, TokenUnits(text, 32 * kTokenWeight));
  }
}

}  // namespace
}  // namespace millrace::op
