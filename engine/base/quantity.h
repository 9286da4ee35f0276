// Numbers as people write and read them, the same in every locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace {

/// "512", "64KiB", "1.5 GiB", "20MB" in bytes. Powers of 1024 with an i, of 1000 without. Usage
/// says what is wrong with the text.
Result<int64_t> ParseByteSize(std::string_view text);

/// "1,234,567".
std::string FormatCount(int64_t value);
/// "1 file", "1,200 files".
std::string FormatCounted(int64_t value, const std::string& thing);
/// "0 B", "812 B", "1.4 KiB", "23 MiB": three significant digits at most.
std::string FormatByteSize(int64_t bytes);
/// "0.4 s", "12 s", "3 min 20 s", "2 h 05 min".
std::string FormatDuration(double seconds);
/// "62 %", "0.4 %", "<0.1 %"; "0 %" of nothing.
std::string FormatShare(int64_t part, int64_t whole);

}  // namespace millrace
