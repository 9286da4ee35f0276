// Dates as HTTP writes them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace millrace::io::http {

/// The three spellings of RFC 9110: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37
/// GMT", "Sun Nov  6 08:49:37 1994". Nothing for any other text. Two-digit years are of 1970 to
/// 2069; the name of the day is not checked against the date.
std::optional<std::chrono::system_clock::time_point> ParseHttpDate(std::string_view text);

/// The delay that a Retry-After asks for: seconds, or a date seen from `now`; one that has passed
/// is zero. Nothing for any other text.
std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view text,
                                                         std::chrono::system_clock::time_point now);

}  // namespace millrace::io::http
