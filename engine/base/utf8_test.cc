#include "base/utf8.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace millrace {
namespace {

std::vector<size_t> Lengths(std::string_view text) {
  std::vector<size_t> lengths;
  for (size_t at = 0; at < text.size();) {
    uint32_t point = 0;
    lengths.push_back(CodePointAt(text, at, &point));
    at += lengths.back() == 0 ? 1 : lengths.back();
  }
  return lengths;
}

}  // namespace

TEST_CASE("code points are told from bytes that are none") {
  CHECK(Lengths("aé日😀") == std::vector<size_t>{1, 2, 3, 4});
  CHECK(Lengths("\xff\xc3") == std::vector<size_t>{0, 0});
  CHECK(Lengths("\xed\xa0\x80") == std::vector<size_t>{0, 0, 0});         // a surrogate
  CHECK(Lengths("\xc0\x80\xe0\x80\x80") == std::vector<size_t>(5, 0));    // overlong
  CHECK(Lengths("\xf4\x90\x80\x80") == std::vector<size_t>{0, 0, 0, 0});  // too large
  CHECK(Lengths(std::string_view("\0\xe6\x97", 3)) == std::vector<size_t>{1, 0, 0});
  uint32_t point = 7;
  CHECK(CodePointAt("日", 0, &point) == 3);
  CHECK(point == 0x65E5);
  CHECK(CodePointAt("\xff", 0, &point) == 0);
  CHECK(point == 0x65E5);
}

TEST_CASE("code points are counted") {
  CHECK(CodePoints("") == 0);
  CHECK(CodePoints("aé日😀") == 4);
  std::string text;
  for (int64_t count = 0; count < 10000; count += 4) {
    if (count % 256 < 80 || count > 8000) CHECK(CodePoints(text) == count);
    text += "aé日😀";
  }
  CHECK(CodePoints(std::string(10000, '\x80')) == 0);
  CHECK(CodePoints(std::string(10000, '\xff')) == 10000);
}

TEST_CASE("texts are cut between code points") {
  CHECK(CutText("größe", 7) == "größe");
  CHECK(CutText("größe", 3) == "gr…");
  CHECK(CutText("größe", 4) == "grö…");
  CHECK(CutText("größe", 5) == "grö…");
  CHECK(CutText("é", 1) == "…");
  CHECK(CutText("", 0).empty());
}

TEST_CASE("a cut text is UTF-8 whatever it was") {
  CHECK(CutValidText("a\xff\xc3", 3) == "a\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(CutValidText("a\xff\xc3", 2) == "a\xEF\xBF\xBD…");
  CHECK(CutValidText("größe", 3) == "gr…");
  CHECK(CutValidText("größe", 7) == "größe");
}

}  // namespace millrace
