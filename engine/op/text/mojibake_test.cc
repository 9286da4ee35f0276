#include "op/text/mojibake.h"

#include <doctest/doctest.h>

#include <string>

#include "op/text/code_points.h"

namespace millrace::op {
namespace {

std::string Repaired(const std::string& text) {
  std::string out = "before";
  if (!AppendMojibakeRepaired(text, &out)) {
    CHECK(out == "before");
    return text;
  }
  return out.substr(6);
}

// What becomes of UTF-8 that is read as cp1252.
std::string Misread(const std::string& text) {
  static const char16_t high[] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                  0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
  std::string read;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    AppendCodePoint(byte >= 0x80 && byte < 0xA0 ? high[byte - 0x80] : byte, &read);
  }
  return read;
}

TEST_CASE("misread texts are read again") {
  for (const char* text :
       {"caf\u00E9", "it\u2019s \u201Cquoted\u201D \u2013 yes\u2026", "na\u00EFve \u00E0 la carte",
        "\u041F\u0440\u0438\u0432\u0435\u0442", "\u4E2D\u6587", "5 \u20AC", "\U0001F600 fun",
        "Dvo\u0159\u00E1k", "\u00A35 and 20 \u00B0C", "l'\u00E9t\u00E9\nplain line\n\u00FCber\n"}) {
    CAPTURE(std::string(text));
    CHECK(Repaired(Misread(text)) == text);
    CHECK(Repaired(Misread(Misread(text))) == text);
    CHECK(Repaired(text) == text);
  }
}

TEST_CASE("lines that may be meant as they stand are left alone") {
  for (const char* text : {
           "", "plain",
           "CAF\u00C9\u201D",                                  // E-acute, closing quote
           "\u201CCAF\u00C9\u201D",                            // both quotes
           "QUALIT\u00C9\u00A0: BON, \u00C9T\u00C9\u00A0: 2",  // no-break spaces
           "voil\u00E0\u00A0\u00BB",                           // a-grave, no-break space, guillemet
           "IRM\u00C3\u201D, MA\u00C7\u00C3",                  // Portuguese capitals
           "IRM\u00C3\u00BB",
           "caf\u00C3\u00A9 and caf\u00E9",  // one line both ways
           "caf\u00C3\u00A9 \u4E2D",         // no cp1252 has that
           "\u00C3",
           "\u00C2\u0081",                     // a control character was hardly meant
           "\u00E0\u0080\u0080 \u00C0\u00AF",  // overlong
           "\u00ED\u00A0\u20AC",               // a surrogate
       }) {
    CAPTURE(std::string(text));
    CHECK(Repaired(text) == text);
  }
}

TEST_CASE("each line is judged by itself") {
  CHECK(Repaired("caf\u00C3\u00A9\ncaf\u00E9\ncaf\u00C3\u00A9") ==
        "caf\u00E9\ncaf\u00E9\ncaf\u00E9");
}

TEST_CASE("hostile texts take linear time") {
  for (const char* piece : {"\u00C3", "\u00C3\u00A9", "\u00C3\n", "\u00E2\u20AC", "\u00C9\u201D"}) {
    std::string text;
    while (text.size() < (1 << 20)) text += piece;
    CAPTURE(std::string(piece));
    Repaired(text);
  }
}

}  // namespace
}  // namespace millrace::op
