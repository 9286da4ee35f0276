#include "pipeline/report/html_writer.h"

#include <cstdint>
#include <cstdio>

#include "base/status.h"
#include "base/utf8.h"

namespace millrace::pipeline {
namespace {

bool IsInvisible(uint32_t c) {
  return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0xAD ||
         c == 0x61C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0xE0000 && c < 0xE0080) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c & 0xFFFE) == 0xFFFE;
}

// `mark`: control characters as elements, else in brackets.
std::string Escape(std::string_view text, bool mark) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (size_t at = 0; at < text.size();) {
    uint32_t point = 0;
    const size_t length = CodePointAt(text, at, &point);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    if (IsInvisible(point)) {
      char code[32];
      std::snprintf(code, sizeof code, mark ? "<i class=\"c\">U+%04X</i>" : "[U+%04X]", point);
      out += code;
    } else {
      switch (point) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        case '\'':
          out += "&#39;";
          break;
        default:
          out.append(text.substr(at, length));
      }
    }
    at += length;
  }
  return out;
}

}  // namespace

std::string Escaped(std::string_view text) { return Escape(text, true); }
std::string EscapedAttribute(std::string_view text) { return Escape(text, false); }

std::string Element(const std::string& name, const std::string& content, const std::string& css) {
  return "<" + name + (css.empty() ? "" : " class=\"" + css + "\"") + ">" + content + "</" + name +
         ">";
}

void HtmlTable::Add(std::vector<std::string> cells, const std::string& css) {
  MILLRACE_CHECK(cells.size() == titles_.size());
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) row += Element("td", cells[i], numbers_[i] ? "n" : "");
  body_ += Element("tr", row, css) + "\n";
}

void HtmlTable::AddNote(const std::string& text) {
  body_ += "<tr><td class=\"soft\" colspan=\"" + std::to_string(titles_.size()) + "\">" +
           Escaped(text) + "</td></tr>\n";
}

std::string HtmlTable::Html() const {
  std::string head;
  for (size_t i = 0; i < titles_.size(); ++i) {
    head += std::string("<th scope=\"col\"") + (numbers_[i] ? " class=\"n\">" : ">") + titles_[i] +
            "</th>";
  }
  return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" +
         EscapedAttribute(label_) + "\"><table><thead>" + Element("tr", head) +
         "</thead><tbody>\n" + body_ + "</tbody></table></div>\n";
}

}  // namespace millrace::pipeline
