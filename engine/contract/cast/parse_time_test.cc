// The calendar against counting days one by one.
#include "contract/cast/parse_time.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <random>

namespace millrace::contract {
namespace {

bool SlowLeap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int SlowDaysIn(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && SlowLeap(year) ? 29 : days[month - 1];
}

TEST_CASE("every day from year 1 to 9999, counted one by one") {
  int64_t days = -719162;  // of 0001-01-01
  bool all = true;
  for (int year = 1; year <= 9999; ++year) {
    for (int month = 1; month <= 12; ++month) {
      const unsigned m = static_cast<unsigned>(month);
      const int last = SlowDaysIn(year, month);
      all = all && !IsRealDate(year, m, 0) && !IsRealDate(year, m, static_cast<unsigned>(last) + 1);
      for (int day = 1; day <= last; ++day, ++days) {
        const unsigned d = static_cast<unsigned>(day);
        int64_t back_year = 0;
        unsigned back_month = 0, back_day = 0;
        CivilFromDays(days, &back_year, &back_month, &back_day);
        all = all && IsRealDate(year, m, d) && DaysFromCivil(year, m, d) == days &&
              back_year == year && back_month == m && back_day == d;
      }
    }
  }
  CHECK(all);
  CHECK(DaysFromCivil(1970, 1, 1) == 0);
  CHECK(days == DaysFromCivil(10000, 1, 1));
}

TEST_CASE("ISO dates: every byte at every place is judged like a slow reader does") {
  const uint64_t seed = 20241124;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 100000; ++i) {
    char text[16];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d", static_cast<int>(random() % 10000),
                  static_cast<int>(random() % 14), static_cast<int>(random() % 33));
    if (random() % 3 == 0) text[random() % 10] = static_cast<char>(random());
    int year = 0, month = 0, day = 0;
    bool shaped = text[4] == '-' && text[7] == '-';
    for (int at : {0, 1, 2, 3, 5, 6, 8, 9}) shaped = shaped && text[at] >= '0' && text[at] <= '9';
    if (shaped) {
      year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
      month = (text[5] - '0') * 10 + text[6] - '0';
      day = (text[8] - '0') * 10 + text[9] - '0';
    }
    const bool real = shaped && year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
                      day <= SlowDaysIn(year, month);
    int32_t days = 0;
    const CastError error = ParseIsoDate(text, 10, &days);
    REQUIRE(error == (real     ? CastError::kNone
                      : shaped ? CastError::kNoSuchDate
                               : CastError::kMalformed));
    if (real)
      REQUIRE(days ==
              DaysFromCivil(year, static_cast<unsigned>(month), static_cast<unsigned>(day)));
  }
}

std::string Refusal(const std::string& pattern, TimePattern::Target target) {
  const auto compiled = TimePattern::Compile(pattern, target);
  return compiled.ok() ? "" : compiled.status().message();
}

TEST_CASE("patterns that cannot mean one moment are refused with the reason") {
  using Target = TimePattern::Target;
  const auto date = Target::kDate;
  CHECK(Refusal("%Y-%m-%d", date).empty());
  CHECK(Refusal("%Y-%Q-%d", date).find("unknown directive %Q") != std::string::npos);
  CHECK(Refusal("%Y-%m-%d %Y", date).find("twice") != std::string::npos);
  CHECK(Refusal("%y %Y-%m-%d", date).find("twice") != std::string::npos);
  CHECK(Refusal("%m-%d", date).find("no year") != std::string::npos);
  CHECK(Refusal("%Y-%m", date).find("day of the year") != std::string::npos);
  CHECK(Refusal("%Y-%j-%d", date).find("day of the year") != std::string::npos);
  CHECK(Refusal("%F %H", date).find("time") != std::string::npos);
  CHECK(Refusal("%F %", date).find("lone %") != std::string::npos);
  CHECK(Refusal("%I:%M", Target::kTime).find("%I and %p") != std::string::npos);
  CHECK(Refusal("%M", Target::kTime).find("no hour") != std::string::npos);
  CHECK(Refusal("%F %T", Target::kTime).find("date") != std::string::npos);
  CHECK(Refusal("%s %H", Target::kTimestamp).find("%s") != std::string::npos);
  CHECK(Refusal("%F %H:%M:%f", Target::kTimestamp).find("no seconds") != std::string::npos);
}

}  // namespace
}  // namespace millrace::contract
