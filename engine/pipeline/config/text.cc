#include "pipeline/config/text.h"

#include <arrow/util/utf8.h>

#include <algorithm>
#include <cctype>

#include "pipeline/config/tree.h"

namespace millrace::pipeline {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Bytes of the code point that starts at `at`.
size_t CodePointBytes(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && IsContinuation(text[end])) ++end;
  return end - at;
}

// Four hex digits after a backslash and `u`, or -1.
int SurrogateAt(std::string_view text, size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int value = 0;
  for (size_t i = at + 2; i < at + 6; ++i) {
    if (std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return -1;
    value = value * 16 + (std::isdigit(static_cast<unsigned char>(text[i])) != 0
                              ? text[i] - '0'
                              : std::tolower(text[i]) - 'a' + 10);
  }
  return value;
}

// JSON's \ud83d\ude00 as YAML's \U0001f600.
void JoinSurrogates(std::string* text) {
  static const char kHex[] = "0123456789abcdef";
  std::string out;
  size_t copied = 0;
  for (size_t i = 0; i < text->size(); ++i) {
    if ((*text)[i] != '\\') continue;
    const int high = SurrogateAt(*text, i);
    const int low = high >= 0xD800 && high < 0xDC00 ? SurrogateAt(*text, i + 6) : -1;
    if (low < 0xDC00 || low > 0xDFFF) {
      ++i;  // the escaped character
      continue;
    }
    const int code_point = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    out.append(*text, copied, i - copied);
    out += "\\U";
    for (int shift = 28; shift >= 0; shift -= 4) out += kHex[(code_point >> shift) & 15];
    i += 11;
    copied = i + 1;
  }
  if (copied == 0) return;
  out.append(*text, copied, std::string::npos);
  *text = std::move(out);
}

// Past an anchor (`&name `) to the scalar itself.
size_t SkipAnchor(std::string_view text, size_t at) {
  while (at < text.size() && text[at] == '&') {
    at = std::min(text.find_first_of(" \t\r\n", at), text.size());
    at = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
  }
  return at;
}

// Bytes of one written character inside double quotes: itself or an escape; 0 for a line break.
size_t EscapeBytes(std::string_view text, size_t at) {
  if (text[at] == '\n' || text[at] == '\r') return 0;
  if (text[at] != '\\' || at + 1 >= text.size()) return CodePointBytes(text, at);
  switch (text[at + 1]) {
    case 'x':
      return 4;
    case 'u':
      return 6;
    case 'U':
      return 10;
    default:
      return 2;
  }
}

int64_t OffsetInQuotes(std::string_view text, size_t at, char quote, int position) {
  ++at;
  for (int passed = 0; at < text.size(); ++passed) {
    const bool doubled = quote == '\'' && text.substr(at, 2) == "''";
    if (text[at] == quote && !doubled) return passed == position ? static_cast<int64_t>(at) : -1;
    const size_t bytes = doubled            ? 2
                         : quote == '"'     ? EscapeBytes(text, at)
                         : text[at] == '\n' ? 0
                                            : CodePointBytes(text, at);
    if (bytes == 0) return -1;  // folded over lines
    if (passed == position) return static_cast<int64_t>(at);
    at += bytes;
  }
  return -1;
}

// `|` keeps its lines: line n of the value is the n-th line below the header, less its indent.
int64_t OffsetInBlock(std::string_view text, size_t at, std::string_view value, int position) {
  size_t line = std::min(text.find('\n', at), text.size()) + 1;
  size_t in_value = 0;
  for (int passed = 0; line < text.size() && in_value < value.size();) {
    const size_t end = std::min(value.find('\n', in_value), value.size());
    const std::string_view wanted = value.substr(in_value, end - in_value);
    const size_t line_end = std::min(text.find('\n', line), text.size());
    const size_t found = text.substr(line, line_end - line).find(wanted);
    if (found == std::string_view::npos) return -1;
    const int points = CountCodePoints(wanted);
    if (position <= passed + points) {
      size_t byte = line + found;
      for (int i = passed; i < position; ++i) byte += CodePointBytes(text, byte);
      return static_cast<int64_t>(byte);
    }
    passed += points + 1;
    in_value = end + 1;
    line = line_end + 1;
  }
  return -1;
}

}  // namespace

int CountCodePoints(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

TextFault PrepareConfigText(std::string* text) {
  if (text->rfind("\xEF\xBB\xBF", 0) == 0) text->erase(0, 3);
  if (text->size() > kConfigBytesMax) {
    return {0, "the config is larger than 1 MiB", "a config describes data, it does not hold it"};
  }
  for (size_t i = 0; i < text->size(); ++i) {
    const auto c = static_cast<unsigned char>((*text)[i]);
    if (c < 0x20 && c != '\n' && c != '\r' && c != '\t') {
      text->resize(i);  // nothing behind it is shown
      return {static_cast<int64_t>(i), "a control character: this is no text file", ""};
    }
  }
  arrow::util::InitializeUTF8();
  for (size_t i = 0; i < text->size();) {
    const size_t bytes = CodePointBytes(*text, i);
    if (!arrow::util::ValidateUTF8(std::string_view(*text).substr(i, bytes))) {
      text->resize(i);
      return {static_cast<int64_t>(i), "the text is not UTF-8", "save the file as UTF-8"};
    }
    i += bytes;
  }
  const size_t first = text->find_first_not_of(" \t\r\n");
  if (first != std::string::npos && ((*text)[first] == '{' || (*text)[first] == '[')) {
    JoinSurrogates(text);
  }
  return {};
}

TextIndex::TextIndex(std::string_view text) : text_(text), starts_{0} {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(static_cast<int64_t>(i) + 1);
  }
}

int64_t TextIndex::Offset(int line, int column) const {
  const auto at =
      static_cast<size_t>(std::clamp<int>(line, 0, static_cast<int>(starts_.size()) - 1));
  return std::min(starts_[at] + std::max(0, column), static_cast<int64_t>(text_.size()));
}

SourceSpan TextIndex::Span(const std::string& file, int64_t offset, int length) const {
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const auto start = static_cast<size_t>(*(next - 1));
  SourceSpan span;
  span.file = file;
  span.line = static_cast<int>(next - starts_.begin());
  span.column = 1 + CountCodePoints(text_.substr(start, static_cast<size_t>(offset) - start));
  span.length = length;
  return span;
}

std::string_view TextIndex::Line(int line) const {
  if (line < 1 || line > static_cast<int>(starts_.size())) return "";
  const auto start = static_cast<size_t>(starts_[static_cast<size_t>(line) - 1]);
  std::string_view rest = text_.substr(start);
  rest = rest.substr(0, rest.find('\n'));
  if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
  return rest;
}

int TextIndex::ScalarLength(int64_t offset, std::string_view value) const {
  const size_t at = SkipAnchor(text_, static_cast<size_t>(offset));
  if (at >= text_.size()) return 1;
  const char quote = text_[at];
  std::string_view line = text_.substr(at);
  line = line.substr(0, line.find_first_of("\r\n"));
  if (quote != '"' && quote != '\'') {
    // A plain scalar stands as it is, unless it is folded over several lines.
    return line.substr(0, value.size()) == value ? std::max(1, CountCodePoints(value)) : 1;
  }
  const int64_t end = OffsetInQuotes(text_, at, quote, CountCodePoints(value));
  if (end < 0) return CountCodePoints(line);
  return CountCodePoints(text_.substr(at, static_cast<size_t>(end) - at)) + 1;
}

int64_t OffsetInside(std::string_view text, int64_t start, std::string_view value, int position) {
  const size_t at = SkipAnchor(text, static_cast<size_t>(start));
  if (at >= text.size()) return -1;
  if (text[at] == '"' || text[at] == '\'') return OffsetInQuotes(text, at, text[at], position);
  if (text[at] == '|') return OffsetInBlock(text, at, value, position);
  if (text.substr(at, value.size()) != value) return -1;  // folded
  size_t byte = at;
  for (int i = 0; i < position; ++i) {
    if (byte >= text.size()) return -1;
    byte += CodePointBytes(text, byte);
  }
  return static_cast<int64_t>(byte);
}

}  // namespace millrace::pipeline
