// A line as places: characters or bytes, whichever the widths count.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "io/fixed_width/fixed_width_format.h"

namespace millrace::io {

inline std::string_view WithoutLineEnd(std::string_view line) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

class LinePlaces {
 public:
  /// `line` without its end; it must outlive this.
  LinePlaces(std::string_view line, WidthUnit unit) : line_(line) {
    const bool ascii = std::all_of(line.begin(), line.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (ascii || unit == WidthUnit::kBytes) return;
    for (size_t i = 0; i < line.size(); ++i) {
      if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80) begins_.push_back(i);
    }
  }

  size_t size() const { return begins_.empty() ? line_.size() : begins_.size(); }
  /// The places [begin, end) as far as the line has them.
  std::string_view Text(size_t begin, size_t end) const {
    const size_t from = Byte(begin);
    return line_.substr(from, Byte(end) - from);
  }

 private:
  size_t Byte(size_t place) const {
    if (place >= size()) return line_.size();
    return begins_.empty() ? place : begins_[place];
  }

  std::string_view line_;
  std::vector<size_t> begins_;  // of each character; empty where places are bytes
};

}  // namespace millrace::io
