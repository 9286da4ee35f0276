#include "base/quantity.h"

#include <doctest/doctest.h>

namespace millrace {

TEST_CASE("sizes are read with either family of units") {
  CHECK(*ParseByteSize("512") == 512);
  CHECK(*ParseByteSize("64KiB") == 65536);
  CHECK(*ParseByteSize("1.5 GiB") == 1610612736);
  CHECK(*ParseByteSize("20MB") == 20000000);
  CHECK(*ParseByteSize("0") == 0);
  for (const char* bad :
       {"", "MiB", "-1MiB", "12 parsecs", "1e3", "nan", "99999999999TiB", "1,5GiB"}) {
    CAPTURE(bad);
    CHECK_FALSE(ParseByteSize(bad).ok());
  }
}

TEST_CASE("numbers are written for people") {
  CHECK(FormatCount(0) == "0");
  CHECK(FormatCount(999) == "999");
  CHECK(FormatCount(1000) == "1,000");
  CHECK(FormatCount(-1234567) == "-1,234,567");
  CHECK(FormatCount(-123) == "-123");
  CHECK(FormatCounted(1, "file") == "1 file");
  CHECK(FormatCounted(1200, "file") == "1,200 files");
  CHECK(FormatByteSize(812) == "812 B");
  CHECK(FormatByteSize(1434) == "1.4 KiB");
  CHECK(FormatByteSize(23 << 20) == "23 MiB");
  CHECK(FormatByteSize(1023 << 10) == "1.0 MiB");
  CHECK(FormatDuration(0.42) == "0.4 s");
  CHECK(FormatDuration(59.7) == "1 min 00 s");
  CHECK(FormatDuration(7500) == "2 h 05 min");
}

TEST_CASE("a share never rounds to all or nothing") {
  CHECK(FormatShare(0, 10) == "0 %");
  CHECK(FormatShare(1, 0) == "0 %");
  CHECK(FormatShare(1, 100000) == "<0.1 %");
  CHECK(FormatShare(99999, 100000) == ">99.9 %");
  CHECK(FormatShare(998, 1000) == "99 %");
  CHECK(FormatShare(10, 10) == "100 %");
  CHECK(FormatShare(62, 100) == "62 %");
  CHECK(FormatShare(4, 1000) == "0.4 %");
}

}  // namespace millrace
