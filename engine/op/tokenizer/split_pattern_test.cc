#include "op/tokenizer/split_pattern.h"

#include <doctest/doctest.h>

namespace millrace::op {
namespace {

using Strings = std::vector<std::string>;

Strings Matches(const std::string& pattern, const std::string& text) {
  const SplitPattern parsed = SplitPattern::Parse(pattern).ValueOrDie();
  Strings found;
  parsed.ForMatches(
      text, [&](size_t begin, size_t end) { found.push_back(text.substr(begin, end - begin)); });
  return found;
}

TEST_CASE("the first branch that matches counts, and takes as much as it can") {
  CHECK(Matches("a|ab|b+", "abbb") == Strings{"a", "bbb"});
  CHECK(Matches("(?:ab){1,2}", "ababab") == Strings{"abab", "ab"});
  CHECK(Matches("x{2,3}", "xxxxxxx") == Strings{"xxx", "xxx"});
  CHECK(Matches("a{,2}b", "aaab") == Strings{"aab"});
  CHECK(Matches("(?:a(?:b|c)?)?d", "d ad abd acd aed") == Strings{"d", "ad", "abd", "acd", "d"});
}

TEST_CASE("what was taken is given back, but not by a possessive repetition") {
  CHECK(Matches(R"(\s+(?!\S)|\s+)", "a   b ") == Strings{"  ", " ", " "});
  CHECK(Matches(R"(\s*[\r\n]+)", " \n  x\r\n\r\n ") == Strings{" \n", "\r\n\r\n"});
  CHECK(Matches("a+ab", "aaab") == Strings{"aaab"});
  CHECK(Matches("a++ab|b", "aaab") == Strings{"b"});
  CHECK(Matches("\xc3\xa9+\xc3\xa9x", "\xc3\xa9\xc3\xa9\xc3\xa9x") ==
        Strings{"\xc3\xa9\xc3\xa9\xc3\xa9x"});
}

TEST_CASE("sets know properties, ranges, sets within and case") {
  CHECK(Matches(R"(\p{Lu}[^\p{Lu}\s]*)", "HelloWorld \xc3\x89t") ==
        Strings{"Hello", "World", "\xc3\x89t"});
  CHECK(Matches(R"([\]\-a-c]+)", "x]-abcd") == Strings{"]-abc"});
  CHECK(Matches(R"([^(\s|[.,])]+)", "a.b (c|d") == Strings{"a", "b", "c", "d"});
  CHECK(Matches(R"([\u4e00-\u9fa5]+)", "a\xe4\xb8\xad\xe6\x96\x87z") ==
        Strings{"\xe4\xb8\xad\xe6\x96\x87"});
  CHECK(Matches("'(?i:[sd]|ll)", "'S 'd 'lL 'x") == Strings{"'S", "'d", "'lL"});
  CHECK(Matches(R"(\x41\x{42}\.)", "AB. ABx") == Strings{"AB."});
  CHECK(Matches(R"((?=ab)a|\W)", "abac") == Strings{"a"});
}

TEST_CASE("what is not known is refused") {
  for (const char* pattern : {"",
                              "a*",
                              "a|",
                              "(?<=a)b",
                              "(?<n>a)",
                              R"(\bword)",
                              R"((a)\1)",
                              "a+?",
                              "(?:a)*",
                              "^a",
                              "a$",
                              "[a",
                              "a)",
                              "(a",
                              "[]",
                              "[^]",
                              "[a&&b]",
                              "[[:alpha:]]",
                              R"(\p{Greek})",
                              R"(\p)",
                              R"(\)",
                              "a{2",
                              "{2}",
                              "a{3,2}",
                              "a{2}+",
                              "a**",
                              "(?i:\xc3\xa9)",
                              "(?i:st)",
                              "(?i:[^a])",
                              "[z-a]",
                              R"(\x80)",
                              R"(\u12)",
                              "(?i)a"}) {
    CAPTURE(pattern);
    const auto parsed = SplitPattern::Parse(pattern);
    CHECK_FALSE(parsed.ok());
    CHECK(parsed.status().message().find("not supported") != std::string::npos);
  }
  CHECK_FALSE(SplitPattern::Parse(std::string(40, '(') + "a" + std::string(40, ')')).ok());
}

TEST_CASE("groups that write each other out are refused before they are") {
  std::string repeats, choices;
  for (int i = 0; i < 15; ++i) repeats += "){16}";
  CHECK_FALSE(SplitPattern::Parse("a|" + std::string(15, '(') + repeats + "b").ok());
  for (int i = 0; i < 60; ++i) choices += "(?:a?|b?)";
  CHECK(Matches(choices + "c", "abc c") == Strings{"abc", "c"});
}

TEST_CASE("choices that fail one behind the other are tried once from each place") {
  std::string choices;
  for (int i = 0; i < 60; ++i) choices += "(?:a?|b?)";
  CHECK(Matches(choices + "c", "a b abc c") == Strings{"abc", "c"});
  std::string repeats;
  for (int i = 0; i < 12; ++i) repeats += "a*";
  CHECK(Matches(repeats + "c", std::string(300, 'a') + "b ac") == Strings{"ac"});
}

}  // namespace
}  // namespace millrace::op
