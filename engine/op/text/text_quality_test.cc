#include "op/text/text_quality.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "base/utf8.h"

namespace millrace::op {
namespace {

using Strings = std::vector<std::string>;

TEST_CASE("lines are told by how they begin and end") {
  QualityMeter meter;
  const LineQuality lines = meter.Lines(
      "- a point\n"
      "  \u2022 another one...\n"
      "\n \t\n"
      "A line that has more than thirty characters, and ends.\n"
      "\u4F60\u597D\u3002\n"
      "\"no end\u2026");
  CHECK(lines.bullets == 0.4);
  CHECK(lines.ellipses == 0.4);
  CHECK(lines.punctuation == 0.8);
  CHECK(lines.shorts == 0.8);
  CHECK(meter.Lines("").bullets == 0);
  CHECK(meter.Lines("\n\n").punctuation == 0);
}

TEST_CASE("words are told by what they hold") {
  QualityMeter meter;
  const WordQuality words = meter.Words("The \"cat\" -- 12 #tag... WITH, the gr\u00FCn that\u2026");
  CHECK(words.length == doctest::Approx((3 + 5 + 2 + 2 + 7 + 5 + 3 + 4 + 5) / 9.0));
  CHECK(words.alphabetic == doctest::Approx(7 / 9.0));
  CHECK(words.hashes == doctest::Approx(1 / 9.0));
  CHECK(words.ellipses == doctest::Approx(2 / 9.0));
  CHECK(words.stop_words == 2);  // `that…` ends beyond ASCII
  CHECK(meter.Words("they bend toward thats a b").stop_words == 0);
  CHECK(meter.Words("Have to be with and of (that) the").stop_words == 8);
  CHECK(meter.Words(" \n").length == 0);
}

TEST_CASE("what repeats is counted where it repeats") {
  QualityMeter meter;
  const RepetitionQuality found = meter.Repetition("ab\nab\n\ncd\n\nab\nab\n");
  CHECK(found.lines == doctest::Approx(3 / 5.0));
  CHECK(found.line_chars == doctest::Approx(6 / 17.0));
  CHECK(found.paragraphs == doctest::Approx(1 / 3.0));
  CHECK(found.paragraph_chars == doctest::Approx(5 / 17.0));
  CHECK(meter.Repetition("").lines == 0);
  CHECK(meter.Repetition("a b a b").top[0] == doctest::Approx(6 / 7.0));
}

// As the papers' own code has it: n-grams as texts, in maps and sets.
double SlowTop(const Strings& words, size_t n, int64_t chars) {
  if (words.size() < n) return 0;
  std::map<std::string, int64_t> counts;
  Strings grams;
  for (size_t at = 0; at + n <= words.size(); ++at) {
    std::string gram = words[at];
    for (size_t i = 1; i < n; ++i) gram += ' ' + words[at + i];
    ++counts[gram];
    grams.push_back(gram);
  }
  std::string best = grams[0];
  for (const std::string& gram : grams) {
    if (counts[gram] > counts[best]) best = gram;
  }
  return static_cast<double>(CodePoints(best) * counts[best]) / static_cast<double>(chars);
}

double SlowRepeated(const Strings& words, size_t n, int64_t chars) {
  std::set<Strings> seen;
  int64_t again = 0;
  for (size_t at = 0; at + n <= words.size();) {
    const Strings gram(words.begin() + static_cast<ptrdiff_t>(at),
                       words.begin() + static_cast<ptrdiff_t>(at + n));
    if (seen.insert(gram).second) {
      ++at;
      continue;
    }
    for (const std::string& word : gram) again += CodePoints(word);
    at += n;
  }
  return static_cast<double>(again) / static_cast<double>(chars);
}

TEST_CASE("n-grams of random texts are as the slow way has them") {
  const std::string choices[] = {"a", "b", "\u00E9t\u00E9", "word"};
  const uint32_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  QualityMeter meter;
  for (int i = 0; i < 1000; ++i) {
    Strings words;
    std::string text = i % 2 == 0 ? "" : " ";
    for (size_t length = random() % 60; length > 0; --length) {
      words.push_back(choices[random() % (1 + i % 4)]);
      text += words.back() + (random() % 5 == 0 ? "\n\n" : " ");
    }
    CAPTURE(text);
    const RepetitionQuality found = meter.Repetition(text);
    const int64_t chars = CodePoints(text);
    if (words.empty()) continue;
    for (size_t n = 2; n <= 4; ++n) {
      REQUIRE(found.top[n - 2] == doctest::Approx(SlowTop(words, n, chars)));
    }
    for (size_t n = 5; n <= 10; ++n) {
      REQUIRE(found.repeated[n - 5] == doctest::Approx(SlowRepeated(words, n, chars)));
    }
  }
}

TEST_CASE("hostile texts take linear time") {
  QualityMeter meter;
  for (const char* piece : {"a ", "\n", "a", "...", "#", "\u2003", "a\n\n"}) {
    std::string text;
    while (text.size() < (1 << 20)) text += piece;
    CAPTURE(std::string(piece));
    meter.Lines(text);
    meter.Words(text);
    meter.Repetition(text);
  }
}

}  // namespace
}  // namespace millrace::op
