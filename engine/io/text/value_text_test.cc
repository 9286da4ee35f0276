#include "io/text/value_text.h"

#include <doctest/doctest.h>

#include <chrono>
#include <limits>

namespace millrace::io {
namespace {

std::string Date(int64_t days) {
  std::string out;
  AppendDate(days, &out);
  return out;
}
std::string At(int64_t value, arrow::TimeUnit::type unit, const std::string& zone = "") {
  std::string out;
  AppendTimestamp(value, static_cast<const arrow::TimestampType&>(*arrow::timestamp(unit, zone)),
                  &out);
  return out;
}
std::string Double(double value) {
  std::string out;
  AppendDouble(value, &out);
  return out;
}

TEST_CASE("every day of five centuries agrees with the library's calendar") {
  for (int64_t days = -150000; days < 150000; ++days) {
    std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
    char expected[16];
    std::snprintf(expected, sizeof expected, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    REQUIRE(Date(days) == expected);
  }
  CHECK(Date(2932896) == "9999-12-31");
  CHECK(Date(2932897) == "+10000-01-01");
  CHECK(Date(-719528) == "0000-01-01");
  CHECK(Date(-719529) == "-0001-12-31");
}

TEST_CASE("timestamps have the digits of their unit") {
  CHECK(At(0, arrow::TimeUnit::SECOND) == "1970-01-01T00:00:00");
  CHECK(At(-1, arrow::TimeUnit::MILLI, "UTC") == "1969-12-31T23:59:59.999Z");
  CHECK(At(1700000000123456, arrow::TimeUnit::MICRO, "Europe/Berlin") ==
        "2023-11-14T22:13:20.123456Z");
  CHECK(At(std::numeric_limits<int64_t>::min(), arrow::TimeUnit::NANO) ==
        "1677-09-21T00:12:43.145224192");
  CHECK(At(std::numeric_limits<int64_t>::max(), arrow::TimeUnit::NANO) ==
        "2262-04-11T23:47:16.854775807");
}

TEST_CASE("floats are short and exact") {
  CHECK(Double(0.1) == "0.1");
  CHECK(Double(-0.0) == "-0");
  CHECK(Double(1e300) == "1e+300");
  CHECK(Double(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(Double(-std::numeric_limits<double>::infinity()) == "-inf");
}

}  // namespace
}  // namespace millrace::io
