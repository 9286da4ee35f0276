#include "io/http/http_date.h"

#include <doctest/doctest.h>

namespace millrace::io::http {
namespace {

int64_t Seconds(std::string_view text) {
  const auto date = ParseHttpDate(text);
  if (!date) return -1;
  return std::chrono::duration_cast<std::chrono::seconds>(date->time_since_epoch()).count();
}

}  // namespace

TEST_CASE("the three spellings of a date are read") {
  CHECK(Seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
  CHECK(Seconds("Sunday, 06-Nov-94 08:49:37 GMT") == 784111777);
  CHECK(Seconds("Sun Nov  6 08:49:37 1994") == 784111777);
  CHECK(Seconds("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  CHECK(Seconds("Thu, 29 Feb 2024 23:59:60 GMT") == 1709251200);
  CHECK(Seconds("Tue, 31 Dec 2069 00:00:00 GMT") == 3155673600);
}

TEST_CASE("what is no date is none") {
  for (const char* text :
       {"", "soon", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37 CET", "06 Nov 1994 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 6x Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 19940 08:49:37 GMT", "1994-11-06T08:49:37Z"}) {
    CAPTURE(text);
    CHECK(Seconds(text) == -1);
  }
}

TEST_CASE("Retry-After is seconds or a date") {
  const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(784111770));
  using std::chrono::milliseconds;
  CHECK(*ParseRetryAfter("120", now) == milliseconds(120'000));
  CHECK(*ParseRetryAfter(" 0 ", now) == milliseconds(0));
  CHECK(*ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", now) == milliseconds(7000));
  CHECK(*ParseRetryAfter("Sun, 06 Nov 1993 08:49:37 GMT", now) == milliseconds(0));
  for (const char* text : {"", "-1", "1.5", "1e3", "99999999999999", "tomorrow"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseRetryAfter(text, now));
  }
}

}  // namespace millrace::io::http
