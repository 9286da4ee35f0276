// Repairs UTF-8 that was once read as cp1252: "cafÃ©" was "café".
//
// Line by line, and with care: a line is changed when all its characters beyond ASCII together are
// the cp1252 reading of valid UTF-8, and when enough of them cannot well be meant as they stand. A
// capital with an accent before a closing quote or a no-break space (`CAFÉ”`) is no sign of it.
//
// Thread-safety: pure functions. Linear in the text.
#pragma once

#include <string>
#include <string_view>

namespace millrace::op {

/// Appends the text repaired; false, and nothing appended, when there is nothing to repair.
/// Readings of readings are undone up to three times.
bool AppendMojibakeRepaired(std::string_view text, std::string* out);

}  // namespace millrace::op
