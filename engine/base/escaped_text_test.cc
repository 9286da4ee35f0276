#include "base/escaped_text.h"

#include <doctest/doctest.h>

namespace millrace {
namespace {

TEST_CASE("text that is escaped is one harmless line") {
  CHECK(EscapedText("plain, ä, 漢, \"quoted\"") == "plain, ä, 漢, \"quoted\"");
  CHECK(EscapedText("a\nb\r\tc") == "a\\nb\\r\\tc");
  CHECK(EscapedText("\x1b[31m\x7f") == "\\x1b[31m\\x7f");
  CHECK(EscapedText("\xE2\x80\xAE\xE2\x80\xA8\xC2\x85") == "\\u202e\\u2028\\u0085");
  CHECK(EscapedText("\xF3\xA0\x80\x81") == "\\U000e0001");
  CHECK(EscapedText("\xff\xC2") == "\\xff\\xc2");
  CHECK(EscapedText("\xE0\x80\x80") == "\\xe0\\x80\\x80");  // overlong
  CHECK(EscapedText("") == "");
  CHECK(EscapedText("abcdef", 3) == "abc…");
  CHECK(EscapedText("abc", 3) == "abc");
}

TEST_CASE("quoted YAML") {
  CHECK(QuotedYaml("a\"b\\c") == "\"a\\\"b\\\\c\"");
  CHECK(QuotedYaml("x\n# y: ä") == "\"x\\n# y: ä\"");
  CHECK(QuotedYaml("\xE2\x80\xA8\xC2\x85") == "\"\\u2028\\u0085\"");
}

}  // namespace
}  // namespace millrace
