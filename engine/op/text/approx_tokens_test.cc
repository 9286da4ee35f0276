#include "op/text/approx_tokens.h"

#include <doctest/doctest.h>

#include <string>

#include "op/text/code_points.h"

namespace millrace::op {
namespace {

// What o200k_base makes of them.
TEST_CASE("the estimate is near what a tokenizer counts") {
  struct Example {
    const char* text;
    int64_t tokens;
  };
  const Example examples[] = {
      {"All human beings are born free and equal in dignity and rights. They are endowed with "
       "reason and conscience and should act towards one another in a spirit of brotherhood.",
       30},
      {"Alle Menschen sind frei und gleich an W\u00FCrde und Rechten geboren. Sie sind mit "
       "Vernunft und Gewissen begabt und sollen einander im Geist der Br\u00FCderlichkeit "
       "begegnen.",
       36},
      {"\u4EBA\u4EBA\u751F\u800C\u81EA\u7531,\u5728\u5C0A\u4E25\u548C\u6743\u5229\u4E0A\u4E00"
       "\u5F8B\u5E73\u7B49\u3002",
       15},
      {"for (size_t i = 0; i < text.size(); ++i) {\n    total += text[i] * 1234567;\n}\n", 30},
  };
  for (const Example& example : examples) {
    CAPTURE(std::string(example.text));
    const auto tokens = static_cast<double>(ApproxTokens(example.text));
    CHECK(tokens > 0.7 * static_cast<double>(example.tokens));
    CHECK(tokens < 1.3 * static_cast<double>(example.tokens));
  }
}

TEST_CASE("what counts for how much") {
  CHECK(ApproxTokens("") == 0);
  CHECK(ApproxTokens(" ") == 1);
  CHECK(ApproxTokens("a") == 1);
  CHECK(WeightOf("word word") == 2 * WeightOf("word"));
  CHECK(WeightOf("123456") == 2 * WeightOf("123"));
  CHECK(WeightOf("\n    ") > WeightOf("\n"));
  CHECK(WeightOf("gr\u00FCn") > WeightOf("grun"));
}

TEST_CASE("every code point is of a piece, and no piece is heavy") {
  for (char32_t code = 1; code < 0x110000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    std::string text;
    AppendCodePoint(code, &text);
    while (text.size() < 200) text += text;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      const int64_t weight = NextPieceWeight(text, &at);
      if (at <= begin || weight < 0 || weight > kPieceTokensMax * kTokenWeight) {
        FAIL("code point ", static_cast<uint32_t>(code));
      }
    }
    if (code > 0x3400 && code % 16 != 0) code += 13;
  }
}

}  // namespace
}  // namespace millrace::op
