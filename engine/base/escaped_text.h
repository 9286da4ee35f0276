// Text of unknown origin made harmless for comments, YAML and terminals: control characters, line
// breaks of any kind, characters that are not seen or change the direction of text, and bytes that
// are no UTF-8 are written out.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace millrace {

/// One line: `\n`, `\x1b`, `\u202e`. Cut with "…" where it gets longer than `bytes_max`.
std::string EscapedText(std::string_view text,
                        size_t bytes_max = std::numeric_limits<size_t>::max());

/// A double-quoted YAML scalar that reads back to `text`, where that is UTF-8.
std::string QuotedYaml(std::string_view text);

}  // namespace millrace
