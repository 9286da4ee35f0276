// Places in a config's text: offsets, lines and columns, and where inside a quoted or block scalar
// a character of its value stands.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace millrace::pipeline {

struct TextFault {
  int64_t offset = 0;
  std::string message, suggestion;
};

/// Makes the text ready for the YAML parser: drops a byte order mark and joins the surrogate pairs
/// that JSON writes and YAML does not know. Refuses what is no UTF-8 text and what is too long.
TextFault PrepareConfigText(std::string* text);

/// Lines of one text; keeps a view of it.
class TextIndex {
 public:
  explicit TextIndex(std::string_view text);

  /// Byte offset of a line and a column that both count from 0, columns in bytes.
  int64_t Offset(int line, int column) const;
  SourceSpan Span(const std::string& file, int64_t offset, int length) const;
  /// Line from 1, without its line break.
  std::string_view Line(int line) const;
  /// Code points that a scalar takes on its first line, quotes included.
  int ScalarLength(int64_t offset, std::string_view value) const;

 private:
  std::string_view text_;
  std::vector<int64_t> starts_;  // offset of each line
};

/// The byte offset in `text` of code point `position` of a scalar's `value`, the scalar starting at
/// `start`; -1 where it cannot be told.
int64_t OffsetInside(std::string_view text, int64_t start, std::string_view value, int position);

}  // namespace millrace::pipeline
