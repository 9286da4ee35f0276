#include "base/config_phrases.h"

#include <fmt/format.h>

#include "base/quantity.h"

namespace millrace {
namespace {

std::string Bounds(const Field& field) {
  if (field.type == FieldType::kNumber) {
    return field.number_min < field.number_max
               ? fmt::format(", {} to {}", field.number_min, field.number_max)
               : "";
  }
  const auto shown = [&](int64_t bound) {
    return field.type == FieldType::kSize ? FormatByteSize(bound) : std::to_string(bound);
  };
  if (field.type != FieldType::kInteger && field.type != FieldType::kSize) return "";
  const bool low = field.min != std::numeric_limits<int64_t>::min();
  const bool high = field.max != std::numeric_limits<int64_t>::max();
  if (low && high) return ", " + shown(field.min) + " to " + shown(field.max);
  if (low) return ", at least " + shown(field.min);
  return high ? ", at most " + shown(field.max) : "";
}

std::string DefaultText(const Field& field) {
  if (field.required) return "required";
  return field.fallback.empty() ? "" : "`" + field.fallback + "`";
}

}  // namespace

std::string TypePhrase(const Field& field) {
  switch (field.type) {
    case FieldType::kBool:
      return "true or false";
    case FieldType::kInteger:
      return "an integer";
    case FieldType::kNumber:
      return "a number";
    case FieldType::kSize:
      return "a size";
    case FieldType::kChoice:
      return ListChoices(field.choices);
    case FieldType::kCharacter:
      return (MarkBytesMax(field) == 1 ? std::string("one ASCII character")
                                       : "one ASCII character, up to " +
                                             std::to_string(MarkBytesMax(field)) + " marks") +
             (field.allow_none ? ", `tab` or `none`" : " or `tab`");
    case FieldType::kTexts:
    case FieldType::kObjects:
    case FieldType::kTextLists:
      return "a list";
    case FieldType::kObject:
    case FieldType::kNamedObjects:
    case FieldType::kNamedTexts:
      return "a map";
    case FieldType::kTitle:
      return "one line of text";
    case FieldType::kName:
      return "a name";
    case FieldType::kPath:
      return "a path";
    default:
      return "a text";
  }
}

std::string ValuePhrase(const Field& field) {
  switch (field.type) {
    case FieldType::kTexts:
      return field.allow_single ? "a list of texts, or one" : "a list of texts";
    case FieldType::kObject:
      return (field.choices.empty() ? "" : ListChoices(field.choices) + ", or ") + "a map: see *" +
             field.object->name + "*";
    case FieldType::kNamedObjects:
      return "a map from names: see *" + field.object->name + "*";
    case FieldType::kNamedTexts:
      return "a map from names to texts";
    case FieldType::kObjects:
      return "a list of maps: see *" + field.object->name + "*";
    case FieldType::kTextLists:
      return "a list of lists of texts";
    case FieldType::kFrom:
      return "a text or a map";
    case FieldType::kSize:
      return "a size, for example 512MiB" + Bounds(field);
    default:
      return TypePhrase(field) + Bounds(field);
  }
}

std::string ListChoices(const std::vector<std::string>& choices) {
  std::string out;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) out += i + 1 == choices.size() ? " or " : ", ";
    out += '`' + choices[i] + '`';
  }
  return out;
}

size_t MarkBytesMax(const Field& field) {
  return field.max == std::numeric_limits<int64_t>::max() ? 1 : static_cast<size_t>(field.max);
}

std::string FieldsMarkdown(const std::vector<Field>& fields, const std::string& type_value) {
  std::string out = "| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |\n";
  for (const Field& field : fields) {
    const bool chosen = field.key == "type" && !type_value.empty();
    out += "| `" + field.key + "` | " +
           MarkdownCell(chosen ? "`" + type_value + "`" : ValuePhrase(field)) + " | " +
           DefaultText(field) + " | " + MarkdownCell(field.doc) + " |\n";
  }
  return out;
}

std::string MarkdownCell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace millrace
