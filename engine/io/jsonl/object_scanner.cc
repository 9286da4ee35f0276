#include "io/jsonl/object_scanner.h"

namespace millrace::io {

bool ObjectScanner::EndRecord(size_t at, size_t* end) {
  *this = ObjectScanner();
  *end = at;
  return true;
}

bool ObjectScanner::Take(uint8_t c) {
  if (broken_) return false;
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
    return false;
  }
  if (depth_ == 0 && c != '{') {
    broken_ = true;
    return false;
  }
  switch (c) {
    case '"':
      in_string_ = true;
      return false;
    case '{':
    case '[':
      ++depth_;
      return false;
    case '}':
    case ']':
      return --depth_ == 0;
    default:
      return false;
  }
}

bool ObjectScanner::Find(const uint8_t* text, size_t from, size_t to, size_t* end) {
  for (size_t at = from; at < to; ++at) {
    const uint8_t c = text[at];
    if (c == '\n') {
      newline_ = true;
      if (in_string_) broken_ = true;
      in_string_ = escaped_ = false;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      escaped_ = false;
    } else {
      const bool inside = depth_ > 0 || broken_;
      if (c == '{' && inside && brace_ && newline_) return EndRecord(at, end);
      brace_ = c == '}';
      newline_ = false;
      if (Take(c)) return EndRecord(at + 1, end);
    }
  }
  *end = to;
  return false;
}

}  // namespace millrace::io
