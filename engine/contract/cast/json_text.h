// JSON texts, checked to the letter (RFC 8259) and taken apart without touching their tokens:
// numbers of any size keep every digit. UTF-8 is the reader's business and not checked again.
#pragma once

#include <string>
#include <string_view>

#include "contract/cast/cast_error.h"

namespace millrace::contract {

inline constexpr int kJsonDepthMax = 256;

/// Reads one text from its front. After an error the position means nothing.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : p_(text.data()), end_(text.data() + text.size()) {}

  void SkipSpace() {
    while (p_ < end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\t' || *p_ == '\r')) ++p_;
  }
  bool AtEnd() const { return p_ == end_; }
  /// Consumes `c` when it is next.
  bool Take(char c) {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  /// The next value's token, validated in full. REQUIRES: no space before it.
  CastError Value(std::string_view* token) { return Value(token, 0); }
  /// A string token, quotes included.
  CastError String(std::string_view* token);

 private:
  CastError Value(std::string_view* token, int depth);
  CastError Number();
  CastError Members(int depth);
  CastError Elements(int depth);

  const char* p_;
  const char* end_;
};

/// kNone when `text` is one JSON value with nothing but space around it.
CastError CheckJson(std::string_view text);

/// Appends what a valid string token says to `out`; false for a lone surrogate.
bool UnescapeJson(std::string_view token, std::string* out);
/// Appends `text` as a JSON string token.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace millrace::contract
