// Finds where the objects of a concatenated JSON text end, by braces and strings alone; whether an
// object is good JSON is not its business.
//
// A record ends behind the brace that closes it. A broken one (a string with a line end in it, a
// brace that is missing or too many, text that is no object) ends where the next record is certain:
// before a '{' that comes, on a later line, directly behind a '}'. No good JSON has that inside of
// it, so nothing that is part of a record is ever taken for one of its own.
//
// Thread-safety: none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::io {

class ObjectScanner {
 public:
  /// True: a record ends in [from, to), *end one past it, where the next call begins. False: none
  /// does, and *end is `to`; the scanner goes on there.
  bool Find(const uint8_t* text, size_t from, size_t to, size_t* end);

 private:
  bool EndRecord(size_t at, size_t* end);
  /// One byte that is not white space; true when it closes the record.
  bool Take(uint8_t c);

  int64_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;  // the string's next byte is
  bool broken_ = false;   // only a certain start of the next record ends this one
  bool brace_ = false;    // the last byte that was not white space is a '}'
  bool newline_ = false;  // and a line has ended since
};

}  // namespace millrace::io
