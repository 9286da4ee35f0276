#include "source/rest/time_text.h"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace millrace::source::rest {
namespace {

namespace chrono = std::chrono;
constexpr int64_t kDaySeconds = 86'400;

bool Digits(const std::string& text, size_t at, size_t count, int64_t* out) {
  if (at + count > text.size()) return false;
  *out = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    *out = *out * 10 + (text[i] - '0');
  }
  return true;
}

std::optional<int64_t> ParseDate(const std::string& text) {
  int64_t year = 0, month = 0, day = 0;
  const bool shaped = text.size() >= 10 && text[4] == '-' && text[7] == '-' &&
                      Digits(text, 0, 4, &year) && Digits(text, 5, 2, &month) &&
                      Digits(text, 8, 2, &day);
  if (!shaped || year < 1) return std::nullopt;
  const chrono::year_month_day date{chrono::year(static_cast<int>(year)),
                                    chrono::month(static_cast<unsigned>(month)),
                                    chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return int64_t{chrono::sys_days(date).time_since_epoch().count()} * kDaySeconds;
}

// "Z", "+02:00" or "-0530" at the end of a timestamp: seconds to take off.
std::optional<int64_t> ParseZone(const std::string& text, size_t at) {
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    return at + 1 == text.size() ? std::optional<int64_t>(0) : std::nullopt;
  }
  if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return std::nullopt;
  int64_t hours = 0, minutes = 0;
  const size_t second = text.size() > at + 3 && text[at + 3] == ':' ? at + 4 : at + 3;
  if (!Digits(text, at + 1, 2, &hours) || !Digits(text, second, 2, &minutes)) return std::nullopt;
  if (second + 2 != text.size() || hours > 14 || minutes > 59) return std::nullopt;
  const int64_t seconds = hours * 3600 + minutes * 60;
  return text[at] == '-' ? -seconds : seconds;
}

std::optional<int64_t> ParseTimestamp(const std::string& text) {
  const auto date = ParseDate(text);
  if (!date || text.size() == 10) return date;
  int64_t hour = 0, minute = 0, second = 0;
  const bool shaped = (text[10] == 'T' || text[10] == ' ') && text.size() > 19 && text[13] == ':' &&
                      text[16] == ':' && Digits(text, 11, 2, &hour) &&
                      Digits(text, 14, 2, &minute) && Digits(text, 17, 2, &second);
  if (!shaped || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  size_t at = 19;
  if (text[at] == '.') {
    do ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9');
  }
  const auto zone = ParseZone(text, at);
  if (!zone) return std::nullopt;
  return *date + hour * 3600 + minute * 60 + second - *zone;
}

int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

}  // namespace

std::string FormatTime(int64_t seconds, TimeForm form) {
  if (form == TimeForm::kUnix) return std::to_string(seconds);
  if (form == TimeForm::kUnixMilliseconds) return std::to_string(seconds * 1000);
  const int64_t days = FloorDivide(seconds, kDaySeconds);
  const int64_t of_day = seconds - days * kDaySeconds;
  const chrono::year_month_day date{chrono::sys_days(chrono::days(days))};
  const int year = static_cast<int>(date.year());
  const auto month = static_cast<unsigned>(date.month()), day = static_cast<unsigned>(date.day());
  char text[96];
  if (form == TimeForm::kDate) {
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", year, month, day);
  } else {
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", year, month, day,
                  static_cast<int>(of_day / 3600), static_cast<int>(of_day / 60 % 60),
                  static_cast<int>(of_day % 60));
  }
  return text;
}

std::optional<int64_t> ParseTime(const std::string& text, TimeForm form) {
  if (form == TimeForm::kDate) return text.size() == 10 ? ParseDate(text) : std::nullopt;
  if (form == TimeForm::kTimestamp) return ParseTimestamp(text);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return form == TimeForm::kUnix ? number : FloorDivide(number, 1000);
}

}  // namespace millrace::source::rest
