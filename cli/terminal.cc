#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/utf8.h"

namespace millrace::cli {
namespace {

// Decodes the code point at `at` and moves behind it. A byte that is no UTF-8 counts as one, with
// a length of 0.
uint32_t NextCodePoint(std::string_view text, size_t& at, size_t* length = nullptr) {
  uint32_t point = static_cast<unsigned char>(text[at]);
  const size_t bytes = CodePointAt(text, at, &point);
  if (length != nullptr) *length = bytes;
  at += std::max<size_t>(bytes, 1);
  return point;
}

int WidthOf(uint32_t c) {
  if ((c >= 0x0300 && c <= 0x036F) || c == 0x200B || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F)) {
    return 0;  // combining marks, joiners and variation selectors
  }
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

const char* Escape(Style style) {
  switch (style) {
    case Style::kBold:
      return "\x1b[1m";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kGreen:
      return "\x1b[32m";
    case Style::kRed:
      return "\x1b[31m";
    case Style::kYellow:
      return "\x1b[33m";
  }
  return "";
}

}  // namespace

bool IsTerminal(int descriptor) { return isatty(descriptor) == 1; }

bool UsesColour(int descriptor) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* term = std::getenv("TERM");
  return IsTerminal(descriptor) && term != nullptr && std::strcmp(term, "dumb") != 0;
}

int TerminalColumns(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string Styled(Style style, const std::string& text) {
  static const bool colour = UsesColour(STDOUT_FILENO);
  return colour ? Escape(style) + text + "\x1b[0m" : text;
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  for (size_t at = 0; at < text.size();) width += WidthOf(NextCodePoint(text, at));
  return width;
}

std::string Shortened(const std::string& text, int columns) {
  if (DisplayWidth(text) <= columns) return text;
  int width = 0;
  size_t at = 0;
  while (at < text.size()) {
    size_t next = at;
    const int step = WidthOf(NextCodePoint(text, next));
    if (width + step > columns - 1) break;
    width += step;
    at = next;
  }
  return text.substr(0, at) + "…";
}

std::string SafeText(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    size_t length = 0;
    const uint32_t c = NextCodePoint(text, at, &length);
    const bool control = length == 0 || c < 0x20 || (c >= 0x7F && c < 0xA0) ||
                         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    if (!control || (lines && (c == '\n' || c == '\t'))) {
      out.append(text.substr(start, at - start));
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      char code[16];
      std::snprintf(code, sizeof code, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
      out += code;
    }
  }
  return out;
}

std::string ShownPath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  if (error) return SafeText(path, false);
  const std::string prefix = here.string() + (here.string() == "/" ? "" : "/");
  if (path.rfind(prefix, 0) == 0) return SafeText(path.substr(prefix.size()), false);
  return SafeText(path, false);
}

}  // namespace millrace::cli
