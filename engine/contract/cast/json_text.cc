#include "contract/cast/json_text.h"

#include <cstdint>
#include <cstring>

namespace millrace::contract {

namespace {

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four hex digits at p, or -1.
int HexFour(const char* p, const char* end) {
  if (end - p < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexDigit(p[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xC0 | (code >> 6));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xE0 | (code >> 12));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out += static_cast<char>(0xF0 | (code >> 18));
    *out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

bool IsHighSurrogate(int code) { return code >= 0xD800 && code <= 0xDBFF; }
bool IsLowSurrogate(int code) { return code >= 0xDC00 && code <= 0xDFFF; }

}  // namespace

CastError JsonCursor::String(std::string_view* token) {
  const char* const begin = p_;
  if (!Take('"')) return CastError::kBadJson;
  while (p_ < end_) {
    const unsigned char c = static_cast<unsigned char>(*p_++);
    if (c == '"') {
      *token = std::string_view(begin, static_cast<size_t>(p_ - begin));
      return CastError::kNone;
    }
    if (c < 0x20) return CastError::kBadJson;
    if (c != '\\') continue;
    if (p_ == end_) return CastError::kBadJson;
    const char escape = *p_++;
    if (escape != 'u') {
      if (std::memchr("\"\\/bfnrt", escape, 8) == nullptr) return CastError::kBadJson;
      continue;
    }
    const int code = HexFour(p_, end_);
    if (code < 0 || IsLowSurrogate(code)) return CastError::kBadJson;
    p_ += 4;
    if (!IsHighSurrogate(code)) continue;
    if (end_ - p_ < 6 || p_[0] != '\\' || p_[1] != 'u' || !IsLowSurrogate(HexFour(p_ + 2, end_))) {
      return CastError::kBadJson;
    }
    p_ += 6;
  }
  return CastError::kBadJson;
}

CastError JsonCursor::Number() {
  Take('-');
  if (p_ == end_ || !IsDigit(*p_)) return CastError::kBadJson;
  if (*p_ == '0') {
    ++p_;
  } else {
    while (p_ < end_ && IsDigit(*p_)) ++p_;
  }
  if (Take('.')) {
    if (p_ == end_ || !IsDigit(*p_)) return CastError::kBadJson;
    while (p_ < end_ && IsDigit(*p_)) ++p_;
  }
  if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) {
    ++p_;
    if (p_ < end_ && (*p_ == '+' || *p_ == '-')) ++p_;
    if (p_ == end_ || !IsDigit(*p_)) return CastError::kBadJson;
    while (p_ < end_ && IsDigit(*p_)) ++p_;
  }
  return CastError::kNone;
}

CastError JsonCursor::Members(int depth) {
  SkipSpace();
  if (Take('}')) return CastError::kNone;
  std::string_view token;
  while (true) {
    SkipSpace();
    CastError error = String(&token);
    if (error != CastError::kNone) return error;
    SkipSpace();
    if (!Take(':')) return CastError::kBadJson;
    SkipSpace();
    error = Value(&token, depth);
    if (error != CastError::kNone) return error;
    SkipSpace();
    if (Take('}')) return CastError::kNone;
    if (!Take(',')) return CastError::kBadJson;
  }
}

CastError JsonCursor::Elements(int depth) {
  SkipSpace();
  if (Take(']')) return CastError::kNone;
  std::string_view token;
  while (true) {
    SkipSpace();
    const CastError error = Value(&token, depth);
    if (error != CastError::kNone) return error;
    SkipSpace();
    if (Take(']')) return CastError::kNone;
    if (!Take(',')) return CastError::kBadJson;
  }
}

CastError JsonCursor::Value(std::string_view* token, int depth) {
  if (p_ == end_) return CastError::kBadJson;
  if (depth > kJsonDepthMax) return CastError::kTooDeep;
  const char* const begin = p_;
  CastError error = CastError::kNone;
  switch (*p_) {
    case '"':
      return String(token);
    case '{':
      ++p_, error = Members(depth + 1);
      break;
    case '[':
      ++p_, error = Elements(depth + 1);
      break;
    case 't':
    case 'f':
    case 'n': {
      const std::string_view word = *p_ == 't' ? "true" : *p_ == 'f' ? "false" : "null";
      if (std::string_view(p_, static_cast<size_t>(end_ - p_)).substr(0, word.size()) != word) {
        return CastError::kBadJson;
      }
      p_ += word.size();
      break;
    }
    default:
      error = Number();
  }
  *token = std::string_view(begin, static_cast<size_t>(p_ - begin));
  return error;
}

CastError CheckJson(std::string_view text) {
  JsonCursor cursor(text);
  cursor.SkipSpace();
  std::string_view token;
  const CastError error = cursor.Value(&token);
  if (error != CastError::kNone) return error;
  cursor.SkipSpace();
  return cursor.AtEnd() ? CastError::kNone : CastError::kBadJson;
}

bool UnescapeJson(std::string_view token, std::string* out) {
  const char* p = token.data() + 1;
  const char* const end = token.data() + token.size() - 1;
  while (p < end) {
    if (*p != '\\') {
      *out += *p++;
      continue;
    }
    const char escape = p[1];
    p += 2;
    switch (escape) {
      case 'b':
        *out += '\b';
        break;
      case 'f':
        *out += '\f';
        break;
      case 'n':
        *out += '\n';
        break;
      case 'r':
        *out += '\r';
        break;
      case 't':
        *out += '\t';
        break;
      case 'u': {
        const int code = HexFour(p, end);
        if (code < 0 || IsLowSurrogate(code)) return false;
        p += 4;
        if (!IsHighSurrogate(code)) {
          AppendUtf8(static_cast<uint32_t>(code), out);
          break;
        }
        const int low = end - p >= 6 ? HexFour(p + 2, end) : -1;
        if (!IsLowSurrogate(low)) return false;
        AppendUtf8(0x10000u + ((static_cast<uint32_t>(code) & 0x3FFu) << 10) +
                       (static_cast<uint32_t>(low) & 0x3FFu),
                   out);
        p += 6;
        break;
      }
      default:
        *out += escape;
    }
  }
  return true;
}

void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  *out += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          *out += "\\u00";
          *out += kHex[static_cast<unsigned char>(c) >> 4];
          *out += kHex[c & 0xF];
        } else {
          *out += c;
        }
    }
  }
  *out += '"';
}

}  // namespace millrace::contract
