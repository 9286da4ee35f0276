#include "source/rest/page_reader.h"

#include <doctest/doctest.h>

#include "source/rest/rest_errors.h"

namespace millrace::source::rest {
namespace {

TEST_CASE("a compressed body counts only when it is whole") {
  const std::string whole(  // {"a":1}
      "\x1f\x8b\x08\0\0\0\0\0\x02\x03\xabVJT\xb2\x32\xac\xe5\x02\0F\xa3\xe8t\x08\0\0\0", 28);
  CHECK(PageText(whole, 100).ValueOrDie() == "{\"a\":1}\n");
  // All of the text can be unpacked of those that lack a part of the checksum alone.
  for (size_t bytes = 10; bytes < whole.size(); ++bytes) {
    INFO(bytes);
    CHECK(CodeOf(PageText(whole.substr(0, bytes), 100).status()) == kBadPage);
  }
  std::string damaged = whole;
  damaged[21] ^= 1;  // its checksum
  CHECK(CodeOf(PageText(damaged, 100).status()) == kBadPage);
  CHECK(CodeOf(PageText(whole + "more", 100).status()) == kBadPage);
  CHECK(CodeOf(PageText(whole, 4).status()) == kBadPage);
}

}  // namespace
}  // namespace millrace::source::rest
