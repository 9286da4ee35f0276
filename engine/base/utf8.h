// UTF-8 by code points, for texts of which it is not known whether they are UTF-8.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// The length in bytes of the well-formed code point at `at`, which goes to *point; 0 where there
/// is none. REQUIRES: at < text.size().
size_t CodePointAt(std::string_view text, size_t at, uint32_t* point);

/// Code points of UTF-8; of other bytes those that do not continue one.
int64_t CodePoints(std::string_view text);

/// At most `bytes_max` bytes of the text, cut between code points and marked by "…".
std::string CutText(std::string_view text, size_t bytes_max);

/// The same with U+FFFD in the place of each byte that is no UTF-8, which counts as one byte.
std::string CutValidText(std::string_view text, size_t bytes_max);

}  // namespace millrace
