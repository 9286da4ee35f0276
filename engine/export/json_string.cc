#include <cstring>

#include "export/json_rows.h"

namespace millrace::exporting {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = 0x8080808080808080;

// A high bit for each byte that is a quote, a backslash or below a space. Borrows can mark bytes
// above the first match too, so only "none" may be concluded.
uint64_t EscapeMarks(uint64_t bytes) {
  const uint64_t quote = bytes ^ (kOnes * '"');
  const uint64_t slash = bytes ^ (kOnes * '\\');
  const uint64_t is_quote = (quote - kOnes) & ~quote;
  const uint64_t is_slash = (slash - kOnes) & ~slash;
  const uint64_t is_control = (bytes - kOnes * 0x20) & ~bytes;
  return (is_quote | is_slash | is_control) & kHighs;
}

bool NeedsEscape(char c) { return c == '"' || c == '\\' || static_cast<uint8_t>(c) < 0x20; }

void AppendEscape(char c, std::string* out) {
  switch (c) {
    case '"':
      *out += "\\\"";
      return;
    case '\\':
      *out += "\\\\";
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    case '\b':
      *out += "\\b";
      return;
    case '\f':
      *out += "\\f";
      return;
    default:
      break;
  }
  static const char kDigits[] = "0123456789abcdef";
  *out += "\\u00";
  *out += kDigits[static_cast<uint8_t>(c) >> 4];
  *out += kDigits[static_cast<uint8_t>(c) & 15];
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  const char* from = text.data();
  const char* at = from;
  const char* const end = from + text.size();
  while (at < end) {
    uint64_t bytes;
    if (end - at >= 8) {
      std::memcpy(&bytes, at, 8);
      if (EscapeMarks(bytes) == 0) {
        at += 8;
        continue;
      }
    }
    const char* const stop = end - at >= 8 ? at + 8 : end;
    for (; at < stop; ++at) {
      if (!NeedsEscape(*at)) continue;
      out->append(from, at);
      AppendEscape(*at, out);
      from = at + 1;
    }
  }
  out->append(from, end);
  *out += '"';
}

}  // namespace millrace::exporting
