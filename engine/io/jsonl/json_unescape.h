// The escapes of JSON strings: checked in all of them, undone in those that are wanted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::io {

enum class EscapeError { kNone, kBadEscape, kLoneSurrogate };

struct Unescaped {
  uint8_t* end = nullptr;  // one past what was written
  EscapeError error = EscapeError::kNone;
  const uint8_t* error_at = nullptr;  // the backslash
};

/// `text` is what stands between the quotes; its raw bytes are valid UTF-8 already. Writes at most
/// text.size() bytes to `out`; with `out` null it only checks.
Unescaped UnescapeJson(std::string_view text, uint8_t* out);

}  // namespace millrace::io
