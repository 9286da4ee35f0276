#include "io/http/http_date.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/iso_time.h"

namespace millrace::io::http {
namespace {

/// The words and numbers of the text: "Sun", "06", "Nov", "1994", "08", "49", "37", "GMT".
std::vector<std::string_view> Parts(std::string_view text) {
  constexpr std::string_view kBetween = " ,-:";
  std::vector<std::string_view> parts;
  for (size_t at = text.find_first_not_of(kBetween); at < text.size();) {
    const size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBetween, end);
  }
  return parts;
}

std::optional<int64_t> Number(std::string_view text, size_t digits_max) {
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

std::optional<int64_t> Month(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::find(kMonths.begin(), kMonths.end(), text);
  if (found == kMonths.end()) return std::nullopt;
  return found - kMonths.begin() + 1;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> ParseHttpDate(std::string_view text) {
  std::vector<std::string_view> parts = Parts(text);
  if (parts.size() < 7 || Number(parts[0], 9)) return std::nullopt;
  if (parts.size() == 7) {  // asctime: Sun Nov 6 08:49:37 1994
    parts = {parts[0], parts[2], parts[1], parts[6], parts[3], parts[4], parts[5], "GMT"};
  }
  if (parts.size() != 8 || parts[7] != "GMT") return std::nullopt;
  const auto day = Number(parts[1], 2), month = Month(parts[2]), hour = Number(parts[4], 2),
             minute = Number(parts[5], 2), second = Number(parts[6], 2);
  auto year = Number(parts[3], 4);
  if (!day || !month || !year || !hour || !minute || !second) return std::nullopt;
  if (*day < 1 || *day > 31 || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  if (parts[3].size() == 2) *year += *year < 70 ? 2000 : 1900;
  const int64_t days = DaysFromCivil(*year, static_cast<unsigned>(*month), 1) + *day - 1;
  const int64_t seconds = days * 86400 + *hour * 3600 + *minute * 60 + *second;
  return std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
}

std::optional<std::chrono::milliseconds> ParseRetryAfter(
    std::string_view text, std::chrono::system_clock::time_point now) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (const std::optional<int64_t> seconds = Number(text, 9)) return std::chrono::seconds(*seconds);
  const auto date = ParseHttpDate(text);
  if (!date) return std::nullopt;
  return std::max(std::chrono::milliseconds(0),
                  std::chrono::duration_cast<std::chrono::milliseconds>(*date - now));
}

}  // namespace millrace::io::http
