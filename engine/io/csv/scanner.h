// Finds the delimiters and line ends of CSV that are structure rather than text.
//
// Two ways to the same answer. The exact one is a state machine, one byte at a time; it defines
// what a record is. The fast one classifies 64 bytes at once and takes the parity of quotes for
// "inside quotes". That reading is the exact one's wherever every opening quote stands at a field's
// start (or is the second of a doubled pair) and every closing quote is followed by a delimiter, a
// line end or a quote; both are checked with bit masks, and a block that fails goes through the
// exact machine.
//
// Thread-safety: a Scanner is immutable; the state and the sink belong to the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "io/csv/csv_reader.h"

namespace millrace::io::csv {

/// Readable bytes that must follow the data given to Scan; their values do not matter but for the
/// bytes from `to` on that lookahead() counts, which are looked at when a quote, a carriage return
/// or the start of a longer delimiter ends the data.
inline constexpr size_t kPadding = 64;

/// Where in a record a position is. A record starts at kFieldStart.
enum class Place : uint8_t {
  kFieldStart,
  kUnquoted,
  kQuoted,
  kAfterQuote,  // after a quote that may have closed its field
  kEscaped,     // in quotes, after an escape character that is not the quote
  kComment,     // in a comment line
  kInDelimiter  // kInDelimiter + n: n bytes of a longer delimiter are still to come
};

/// Leaves new elements as they are: they are written before they are read.
template <class T>
struct Uninitialised : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = Uninitialised<U>;
  };
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    if constexpr (sizeof...(Args) > 0)
      ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
  }
};
using Positions = std::vector<uint32_t, Uninitialised<uint32_t>>;

struct Structure {
  Positions positions;                     // of delimiters and line ends, ascending
  std::vector<uint32_t> text_after_quote;  // first byte of each such fault, ascending
  size_t line_ends = 0;
  void Clear();
};

class Scanner {
 public:
  Scanner(const CsvDialect& dialect, bool force_exact);

  /// Appends the structure of [from, to) to `out`, starting in `place`; returns the place after.
  Place Index(const uint8_t* data, size_t from, size_t to, Place place, Structure* out) const;

  /// As Index, but only notes the last line end: position + 1 in `*cut`, left alone when none.
  Place FindCut(const uint8_t* data, size_t from, size_t to, Place place, size_t* cut) const;

  char line_end() const { return newline_; }
  bool EndsLine(char c) const { return c == newline_ || (any_newline_ && c == '\r'); }
  /// How many bytes behind `to` have to be those of the file (or 0 at its end).
  size_t lookahead() const { return lookahead_; }

 private:
  template <class Sink>
  Place Scan(const uint8_t* data, size_t from, size_t to, Place place, Sink& sink) const;
  template <class Sink>
  Place ScanExact(const uint8_t* data, size_t from, size_t to, Place place, Sink& sink) const;
  template <class Sink>
  Place ScanAvx2(const uint8_t* data, size_t from, size_t to, Place place, Sink& sink) const;

  bool AtComment(const uint8_t* data, size_t i) const;

  std::string delimiter_text_, comment_;
  char delimiter_, quote_, escape_, newline_;
  bool has_quote_, doubled_, crlf_, any_newline_, fast_;
  size_t lookahead_;
};

}  // namespace millrace::io::csv
