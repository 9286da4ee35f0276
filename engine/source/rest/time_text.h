// Points in time as APIs write them in parameters: dates, RFC 3339 in UTC, Unix seconds and
// milliseconds. Whole seconds; years 1 to 9999.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "source/rest/rest_source.h"

namespace millrace::source::rest {

std::string FormatTime(int64_t seconds, TimeForm form);
/// Seconds since 1970; none when the text is not of that form. kTimestamp takes a date too, and an
/// offset from UTC; a fraction of a second is cut off.
std::optional<int64_t> ParseTime(const std::string& text, TimeForm form);

}  // namespace millrace::source::rest
