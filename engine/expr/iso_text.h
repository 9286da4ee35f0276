// Texts as dates, times and timestamps, as date(), time(), timestamp() and local_timestamp() read
// them: by the rules of base/iso_time.h, to the microsecond.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::expr {

struct IsoText {
  int64_t value = 0;              // days, or microseconds
  const char* problem = nullptr;  // "is no date", or null when it was read
  const char* example = nullptr;  // of what the function reads, in quotes
};

IsoText ReadIsoText(std::string_view function, std::string_view text);

}  // namespace millrace::expr
