// The few elements that object stores' answers are read for. Not an XML parser: it finds elements
// by name in documents of known, flat shape, and takes anything else for not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::io {

/// What stands inside each <name>...</name>, in order, unescaped only by XmlText. Elements of the
/// name are not nested in each other.
std::vector<std::string_view> XmlElements(std::string_view xml, std::string_view name);
/// The text of the first <name>, with entities in place; "" when there is none.
std::string XmlText(std::string_view xml, std::string_view name);
/// For text that is put into XML.
std::string XmlEscape(std::string_view text);

}  // namespace millrace::io
