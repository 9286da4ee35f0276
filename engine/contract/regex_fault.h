// What is wrong with a pattern, in the user's own text. RE2 sees a pattern wrapped so that it must
// match a whole value; nobody should have to read that.
// Thread-safety: any thread.
#pragma once

#include <optional>
#include <string>

namespace millrace::contract {

struct RegexFault {
  std::string message;           // "the regex `[a-z` cannot be used: missing ]"
  int position = 0, length = 1;  // of the part at fault, in code points of the pattern
};

/// The pattern as it is matched: against the whole value.
std::string WholeValuePattern(const std::string& pattern);

/// Nothing when the pattern can be used.
std::optional<RegexFault> FindRegexFault(const std::string& pattern);

}  // namespace millrace::contract
