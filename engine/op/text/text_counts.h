// How much of what there is in a text, by looking at sixteen bytes at once.
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::op {

/// Code points, and of them what they are. White space is that of ASCII; letters beyond ASCII are
/// all code points from U+00C0 on, which is right for the scripts that text is written in.
struct TextCounts {
  int64_t chars = 0, letters = 0, digits = 0, spaces = 0;
  int64_t words = 0;     // runs between white space
  int64_t lines = 0;     // the last needs no end
  int64_t line_max = 0;  // code points of the longest, without its end
};

/// REQUIRES: UTF-8.
TextCounts CountText(std::string_view text);

}  // namespace millrace::op
