// Finds where the elements of a JSON array end, by brackets and strings alone; whether an element
// is good JSON is not its business.
// Thread-safety: none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::io {

class ArrayScanner {
 public:
  /// The place in [from, to) of the next ',' or ']' that belongs to the array itself, or `to`. The
  /// scanner goes on where it stopped: the next call starts behind what was found. A closing
  /// bracket without an opening one, other than the array's own ']', ends nothing.
  size_t Find(const uint8_t* text, size_t from, size_t to);

 private:
  /// Behind the closing quote of the string that is open at `from`, or `to`.
  size_t SkipString(const uint8_t* text, size_t from, size_t to);

  int64_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;  // the string's next byte is
};

}  // namespace millrace::io
