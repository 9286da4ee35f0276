#include "pipeline/config/scalar.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/config_phrases.h"
#include "base/quantity.h"
#include "pipeline/config/walk.h"

namespace millrace::pipeline {
namespace {

ScalarFault Wrong(const Field& field, const std::string& text, std::string suggestion = "") {
  return {ErrorCode::kWrongType,
          "`" + field.key + "` must be " + TypePhrase(field) + ", not `" + text + "`",
          std::move(suggestion)};
}

ScalarFault Bad(std::string message, std::string suggestion = "") {
  return {ErrorCode::kBadValue, std::move(message), std::move(suggestion)};
}

bool IsNullWord(const std::string& text) {
  return text == "~" || text == "null" || text == "Null" || text == "NULL";
}

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// -?(0|[1-9][0-9]*)
bool IsPlainInteger(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  return AllDigits(text) && (text.size() == 1 || text[0] != '0');
}

// What was meant by 1_000, 010, +5, 2e6, 4.0: the plain way to write it, or "".
std::string PlainForm(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (c != '_' && c != ',' && c != ' ') digits += c;
  }
  if (!digits.empty() && digits[0] == '+') digits.erase(0, 1);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc() && end == digits.data() + digits.size() &&
                     number > -9e15 && number < 9e15 &&
                     number == static_cast<double>(static_cast<int64_t>(number));
  return whole ? std::to_string(static_cast<int64_t>(number)) : "";
}

ScalarFault CheckRange(const Field& field, int64_t number, const std::string& text) {
  const bool low = number < field.min;
  if (!low && number <= field.max) return {};
  const int64_t bound = low ? field.min : field.max;
  const std::string shown =
      field.type == FieldType::kSize ? FormatByteSize(bound) : std::to_string(bound);
  return Bad("`" + field.key + "` must be " + (low ? "at least " : "at most ") + shown + ", not `" +
             text + "`");
}

ScalarFault ReadBool(const Field& field, const std::string& text, bool quoted, ConfigValue* value) {
  if (!quoted && (text == "true" || text == "false")) {
    value->kind = ConfigValue::Kind::kBool;
    value->boolean = text == "true";
    return {};
  }
  std::string lower;
  for (const char c : text) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (lower == "yes" || lower == "on" || lower == "y" || lower == "1" || lower == "true") {
    return Wrong(field, text, "write true");
  }
  if (lower == "no" || lower == "off" || lower == "n" || lower == "0" || lower == "false") {
    return Wrong(field, text, "write false");
  }
  return Wrong(field, text);
}

ScalarFault ReadInteger(const Field& field, const std::string& text, bool quoted,
                        ConfigValue* value) {
  if (!IsPlainInteger(text)) {
    const std::string plain = PlainForm(text);
    return Wrong(field, text, plain.empty() ? "" : "write " + plain);
  }
  if (quoted) return Wrong(field, '"' + text + '"', "remove the quotes");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value->integer);
  if (error != std::errc()) return Bad("`" + text + "` does not fit 64 bits");
  value->kind = ConfigValue::Kind::kInteger;
  return CheckRange(field, value->integer, text);
}

ScalarFault ReadNumber(const Field& field, const std::string& text, bool quoted,
                       ConfigValue* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value->number);
  const bool starts = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
  if (!starts || error != std::errc() || end != text.data() + text.size()) {
    return Wrong(field, text, "write for example 0.01");
  }
  if (quoted) return Wrong(field, '"' + text + '"', "remove the quotes");
  value->kind = ConfigValue::Kind::kNumber;
  if (value->number >= field.number_min && value->number <= field.number_max) return {};
  return Bad("`" + field.key + "` must lie between " +
             std::to_string(static_cast<int64_t>(field.number_min)) + " and " +
             std::to_string(static_cast<int64_t>(field.number_max)) + ", not `" + text + "`");
}

ScalarFault ReadSize(const Field& field, const std::string& text, ConfigValue* value) {
  const size_t unit = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string digits = text.substr(0, text.find_first_not_of("0123456789"));
  const Result<int64_t> bytes = ParseByteSize(text);
  if (unit == 0 || digits.empty() || (digits.size() > 1 && digits[0] == '0') || !bytes.ok()) {
    return Wrong(field, text, "write a number with a unit, for example 512MiB or 2GiB");
  }
  value->kind = ConfigValue::Kind::kInteger;
  value->integer = *bytes;
  return CheckRange(field, *bytes, text);
}

ScalarFault ReadCharacter(const Field& field, const std::string& text, ConfigValue* value) {
  value->kind = ConfigValue::Kind::kText;
  value->text = text == "tab" ? "\t" : text;
  if (field.allow_none && text == "none") return {};
  const size_t bytes_max = MarkBytesMax(field);
  const bool several = value->text.size() > 1;
  const bool fits =
      !value->text.empty() && value->text.size() <= bytes_max &&
      std::all_of(value->text.begin(), value->text.end(), [&](char c) {
        const auto code = static_cast<unsigned char>(c);
        const bool word =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return code > 0 && code < 0x80 && c != '\n' && c != '\r' && !(several && word);
      });
  if (!fits) {
    return Bad("`" + field.key + "` must be " + TypePhrase(field) + ", not `" + text + "`",
               text == "\\t" ? "write tab, or \"\\t\" in double quotes" : "");
  }
  return {};
}

ScalarFault ReadChoice(const Field& field, const std::string& text, ConfigValue* value) {
  value->kind = ConfigValue::Kind::kText;
  value->text = text;
  if (std::find(field.choices.begin(), field.choices.end(), text) != field.choices.end()) return {};
  const std::string meant = DidYouMean(text, field.choices);
  return Bad("`" + field.key + "` cannot be `" + text + "`",
             meant.empty() ? "write " + ListChoices(field.choices) : meant);
}

ScalarFault ReadText(const Field& field, const std::string& text, ConfigValue* value) {
  value->kind = ConfigValue::Kind::kText;
  value->text = text;
  if (text.empty() && field.type == FieldType::kPath) return Bad("`" + field.key + "` is empty");
  if (field.type == FieldType::kTitle &&
      (text.empty() || text.size() > 200 || text.find_first_of("\n\r") != std::string::npos)) {
    return Bad("`" + field.key + "` must be one line of 1 to 200 bytes");
  }
  if (field.type == FieldType::kName && !IsName(text)) {
    return Bad("`" + text + "` is no name",
               "names are letters, digits, _ and -, begin with a letter and have at most 64");
  }
  return {};
}

}  // namespace

ScalarFault ReadScalar(const Field& field, const std::string& text, bool quoted,
                       ConfigValue* value) {
  if (text.find('\0') != std::string::npos) return Bad("a text cannot hold the character NUL");
  if (!quoted && IsNullWord(text) && !field.null_is_text) {
    return Wrong(field, text, "leave `" + field.key + "` out, or quote the text: \"" + text + "\"");
  }
  switch (field.type) {
    case FieldType::kBool:
      return ReadBool(field, text, quoted, value);
    case FieldType::kInteger:
      return ReadInteger(field, text, quoted, value);
    case FieldType::kNumber:
      return ReadNumber(field, text, quoted, value);
    case FieldType::kSize:
      return ReadSize(field, text, value);
    case FieldType::kChoice:
    case FieldType::kObject:  // one that a word may stand for
      return ReadChoice(field, text, value);
    case FieldType::kCharacter:
      return ReadCharacter(field, text, value);
    default:
      return ReadText(field, text, value);
  }
}

}  // namespace millrace::pipeline
