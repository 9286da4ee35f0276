// Fields of a config in words, for messages and for pages of reference.
#pragma once

#include <string>
#include <vector>

#include "base/config_spec.h"

namespace millrace {

/// "an integer", "true or false": the field's type in a message.
std::string TypePhrase(const Field& field);
/// "an integer, at least 1", "a list of texts, or one": its type and bounds in a reference.
std::string ValuePhrase(const Field& field);
/// The choices as "`a`, `b` or `c`".
std::string ListChoices(const std::vector<std::string>& choices);
/// How many marks a kCharacter takes at most.
size_t MarkBytesMax(const Field& field);

/// A Markdown table: key, value, default, meaning. `type_value`: the value of the field `type`
/// where it is chosen already, or "".
std::string FieldsMarkdown(const std::vector<Field>& fields, const std::string& type_value);
/// The text in a cell of a Markdown table.
std::string MarkdownCell(const std::string& text);

}  // namespace millrace
