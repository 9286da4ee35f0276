#include "op/text/normal_form.h"

#include <doctest/doctest.h>
#include <utf8proc.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "op/text/code_points.h"

namespace millrace::op {
namespace {

std::string Normal(std::string_view text, NormalForm form) {
  std::string out = "before";
  if (!AppendNormalized(text, form, &out)) {
    CHECK(out == "before");
    return std::string(text);
  }
  CHECK(out.compare(0, 6, "before") == 0);
  return out.substr(6);
}

// The whole text decomposed, ordered and composed, whatever it holds.
std::string Oracle(const std::string& text, NormalForm form) {
  const int compat = form == NormalForm::kNfkc ? UTF8PROC_COMPAT : 0;
  utf8proc_uint8_t* made = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &made,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | compat));
  REQUIRE(length >= 0);
  std::string result(reinterpret_cast<char*>(made), static_cast<size_t>(length));
  std::free(made);
  return result;
}

TEST_CASE("the normal forms of texts that are known") {
  struct Example {
    const char* text;
    const char* nfc;
    const char* nfkc;
  };
  const Example examples[] = {
      {"", "", ""},
      {"plain", "plain", "plain"},
      {"caf\u00E9", "caf\u00E9", "caf\u00E9"},
      {"cafe\u0301", "caf\u00E9", "caf\u00E9"},
      {"\u0301e", "\u0301e", "\u0301e"},
      {"q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307"},
      {"s\u0307\u0323x", "\u1E69x", "\u1E69x"},
      {"\u212B\u2126", "\u00C5\u03A9", "\u00C5\u03A9"},
      {"\u0958", "\u0915\u093C", "\u0915\u093C"},  // excluded from composition
      {"\u1112\u1161\u11AB", "\uD55C", "\uD55C"},
      {"\uAC00\u11A8", "\uAC01", "\uAC01"},
      {"\uFB01n\u00B2", "\uFB01n\u00B2", "fin2"},
      {"\uFF21\u3000\u00A0x", "\uFF21\u3000\u00A0x", "A  x"},
      {"\u1E9B\u0323", "\u1E9B\u0323", "\u1E69"},
      {"a\u0315\u0300\u05AE\u0300b", "\u00E0\u05AE\u0300\u0315b", "\u00E0\u05AE\u0300\u0315b"},
      {"\u4E2D\u6587\U0001F600", "\u4E2D\u6587\U0001F600", "\u4E2D\u6587\U0001F600"},
  };
  for (const Example& example : examples) {
    CAPTURE(std::string(example.text));
    CHECK(Normal(example.text, NormalForm::kNfc) == example.nfc);
    CHECK(Normal(example.text, NormalForm::kNfkc) == example.nfkc);
  }
}

TEST_CASE("every code point, alone and behind a letter, is as the slow way has it") {
  int wrong = 0;
  for (const NormalForm form : {NormalForm::kNfc, NormalForm::kNfkc}) {
    for (char32_t code = 1; code < 0x30000; ++code) {
      if (code >= 0xD800 && code < 0xE000) continue;
      for (const char* before : {"", "e", "\u0BC6"}) {
        std::string text = before;
        AppendCodePoint(code, &text);
        wrong += Normal(text, form) != Oracle(text, form);
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("random texts are as the slow way has them") {
  const char32_t interesting[] = {
      'a',     'e',    ' ',    0xC9,   0xFC,   0x300,  0x301,  0x323,  0x327,   0x345,   0x915,
      0x93C,   0x958,  0x1100, 0x1161, 0x11A8, 0xAC00, 0x4E2D, 0x212B, 0xFB01,  0xFDFA,  0x2F868,
      0xBC6,   0xBBE,  0xBD7,  0x9C7,  0x9BE,  0xF71,  0xF72,  0xF80,  0x1D15E, 0x1F600, 0x110A5,
      0x110BA, 0x3099, 0x304B, 0xFF76, 0xFF9E, 0x1E9B, 0x344,  0x340,  0x37E,   0x2ADC,  0x338};
  const uint32_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 40000; ++i) {
    std::string text;
    for (size_t length = random() % 12; length > 0; --length) {
      AppendCodePoint(interesting[random() % std::size(interesting)], &text);
    }
    for (const NormalForm form : {NormalForm::kNfc, NormalForm::kNfkc}) {
      CAPTURE(text);
      const std::string normal = Normal(text, form);
      REQUIRE(normal == Oracle(text, form));
      REQUIRE(Normal(normal, form) == normal);
    }
  }
}

TEST_CASE("a megabyte of marks in the worst order takes n log n") {
  std::string text = "a";
  while (text.size() < (1 << 20)) text += "\u0301\u0323";
  const std::string normal = Normal(text, NormalForm::kNfc);
  CHECK(normal.compare(0, 3, "\u1EA1") == 0);
  CHECK(normal.size() > text.size() - 8);
}

}  // namespace
}  // namespace millrace::op
