#include "op/text/text_counts.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "op/text/code_points.h"

namespace millrace::op {
namespace {

// One code point at a time.
TextCounts Slowly(std::string_view text) {
  TextCounts counts;
  bool in_word = false;
  int64_t line = 0;
  for (size_t at = 0; at < text.size();) {
    const char32_t point = NextCodePoint(text, &at);
    ++counts.chars;
    ++line;
    const bool space = point == ' ' || (point >= '\t' && point <= '\r');
    counts.spaces += space;
    counts.words += !space && !in_word;
    in_word = !space;
    counts.letters +=
        (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z') || point >= 0xC0;
    counts.digits += point >= '0' && point <= '9';
    if (point == '\n') --line;
    counts.line_max = std::max(counts.line_max, line);
    if (point != '\n' && at < text.size()) continue;
    ++counts.lines;
    line = 0;
  }
  return counts;
}

void CheckSame(const TextCounts& found, const TextCounts& expected) {
  CHECK(found.chars == expected.chars);
  CHECK(found.letters == expected.letters);
  CHECK(found.digits == expected.digits);
  CHECK(found.spaces == expected.spaces);
  CHECK(found.words == expected.words);
  CHECK(found.lines == expected.lines);
  CHECK(found.line_max == expected.line_max);
}

TEST_CASE("a text is counted as by one code point at a time") {
  const auto seed = std::random_device()();
  INFO("seed ", seed);
  std::mt19937 random(seed);
  const std::u32string often = U" \n\t\r\v\f\b\x0E\x1F!/09:;@AZ[`az{\x7F";
  const std::u32string seldom = U"\u0080\u00A0\u00BF\u00C0\u00FF\u07FF\u0800\u3000\uFFFF\U0001F600";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const size_t length = random() % (round % 100 == 0 ? 20000 : 90);
    for (size_t i = 0; i < length; ++i) {
      const bool plain = random() % 4 != 0;
      const std::u32string& of = plain ? often : seldom;
      AppendCodePoint(of[random() % of.size()], &text);
      // Long runs, so that lanes fill.
      if (random() % 64 == 0) text.append(random() % 40, static_cast<char>('a' + random() % 26));
    }
    CAPTURE(text);
    CheckSame(CountText(text), Slowly(text));
  }
  // More of one kind than a lane counts.
  for (const char byte : {'a', '7', ' ', '\n', '-'}) {
    const std::string text(20011, byte);
    CAPTURE(byte);
    CheckSame(CountText(text), Slowly(text));
  }
  std::string words;
  for (int i = 0; i < 10000; ++i) words += "a ";
  CheckSame(CountText(words), Slowly(words));
}

}  // namespace
}  // namespace millrace::op
