// Text into HTML: everything that is data goes through Escaped. No tag is built anywhere else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"

namespace millrace::pipeline {

/// Safe inside an element and inside a double-quoted attribute. Control characters and characters
/// that reorder text are shown by name, bytes that are no UTF-8 as U+FFFD.
std::string Escaped(std::string_view text);
/// As Escaped, without elements: for attributes.
std::string EscapedAttribute(std::string_view text);

/// <name class="css">content</name>; the content is HTML already.
std::string Element(const std::string& name, const std::string& content,
                    const std::string& css = "");

/// A table that can be scrolled sideways by touch and keyboard. `label` is text and says what it
/// holds, for those who hear the page; cells are HTML already. Columns marked in `numbers` are
/// aligned to the right.
class HtmlTable {
 public:
  HtmlTable(std::string label, std::vector<std::string> titles, std::vector<bool> numbers)
      : label_(std::move(label)), titles_(std::move(titles)), numbers_(std::move(numbers)) {}
  void Add(std::vector<std::string> cells, const std::string& css = "");
  /// A last line over the whole width, for what was cut.
  void AddNote(const std::string& text);
  std::string Html() const;

 private:
  std::string label_;
  std::vector<std::string> titles_;
  std::vector<bool> numbers_;
  std::string body_;
};

}  // namespace millrace::pipeline
