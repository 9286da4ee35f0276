#include "io/object/xml_text.h"

#include <charconv>
#include <cstdint>

namespace millrace::io {
namespace {

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
  } else if (code < 0x110000) {
    *out += static_cast<char>(0xF0 | (code >> 18));
    *out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// False when it is none: then it stays as it stands.
bool AppendEntity(std::string_view name, std::string* out) {
  if (name == "amp") return *out += '&', true;
  if (name == "lt") return *out += '<', true;
  if (name == "gt") return *out += '>', true;
  if (name == "quot") return *out += '"', true;
  if (name == "apos") return *out += '\'', true;
  if (name.size() < 2 || name[0] != '#') return false;
  const bool hex = name[1] == 'x' || name[1] == 'X';
  const std::string_view digits = name.substr(hex ? 2 : 1);
  uint32_t code = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  AppendUtf8(code, out);
  return true;
}

}  // namespace

std::vector<std::string_view> XmlElements(std::string_view xml, std::string_view name) {
  std::vector<std::string_view> found;
  const std::string open = "<" + std::string(name), close = "</" + std::string(name) + ">";
  for (size_t at = 0; (at = xml.find(open, at)) != std::string_view::npos;) {
    at += open.size();
    if (at >= xml.size()) break;
    const char next = xml[at];
    if (next != '>' && next != ' ' && next != '/' && next != '\n') continue;  // a longer name
    const size_t begin = xml.find('>', at);
    if (begin == std::string_view::npos) break;
    if (xml[begin - 1] == '/') {
      found.push_back("");
      at = begin;
      continue;
    }
    const size_t end = xml.find(close, begin);
    if (end == std::string_view::npos) break;
    found.push_back(xml.substr(begin + 1, end - begin - 1));
    at = end + close.size();
  }
  return found;
}

std::string XmlText(std::string_view xml, std::string_view name) {
  const std::vector<std::string_view> found = XmlElements(xml, name);
  if (found.empty()) return "";
  const std::string_view raw = found.front();
  std::string text;
  for (size_t i = 0; i < raw.size(); ++i) {
    const size_t end = raw[i] == '&' ? raw.find(';', i) : std::string_view::npos;
    if (end != std::string_view::npos && AppendEntity(raw.substr(i + 1, end - i - 1), &text)) {
      i = end;
    } else {
      text += raw[i];
    }
  }
  return text;
}

std::string XmlEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace millrace::io
