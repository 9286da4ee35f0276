#include "op/tokenizer/json_fields.h"

#include "op/text/code_points.h"

namespace millrace::op {

Result<JsonFields> JsonFields::Of(simdjson::dom::element element, std::string what) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kBadValue, what + " is no object");
  }
  return JsonFields(object, std::move(what));
}

Status JsonFields::Refuse(const std::string& why) const {
  return MakeError(ErrorCode::kBadValue, what_ + " " + why);
}

std::optional<simdjson::dom::element> JsonFields::Find(std::string_view key) {
  known_.insert(std::string(key));
  simdjson::dom::element value;
  if (object_[key].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

Result<simdjson::dom::element> JsonFields::Get(std::string_view key) {
  const auto value = Find(key);
  if (!value.has_value()) return Refuse("has no `" + std::string(key) + "`");
  return *value;
}

Result<std::string> JsonFields::Text(std::string_view key,
                                     const std::optional<std::string>& fallback) {
  const auto value = Find(key);
  if (!value.has_value() && fallback.has_value()) return *fallback;
  std::string_view text;
  if (!value.has_value() || value->get(text) != simdjson::SUCCESS) {
    return Refuse("has no text as its `" + std::string(key) + "`");
  }
  return std::string(text);
}

Result<bool> JsonFields::Flag(std::string_view key, std::optional<bool> fallback) {
  const auto value = Find(key);
  if (!value.has_value() && fallback.has_value()) return *fallback;
  bool flag = false;
  if (!value.has_value() || value->get(flag) != simdjson::SUCCESS) {
    return Refuse("has neither true nor false as its `" + std::string(key) + "`");
  }
  return flag;
}

Result<int64_t> JsonFields::Integer(std::string_view key) {
  const auto value = Find(key);
  int64_t number = 0;
  if (!value.has_value() || value->get(number) != simdjson::SUCCESS || number < 0) {
    return Refuse("has no number as its `" + std::string(key) + "`");
  }
  return number;
}

Result<char32_t> JsonFields::Char(std::string_view key) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, Text(key));
  size_t at = 0;
  if (!text.empty()) {
    const char32_t code = NextCodePoint(text, &at);
    if (at == text.size()) return code;
  }
  return Refuse("has no single character as its `" + std::string(key) + "`");
}

Status JsonFields::Done() const {
  for (const auto field : object_) {
    const std::string_view key = field.key;
    if (known_.count(key) == 0) {
      return Refuse("has a `" + std::string(key) + "`, which is not supported");
    }
  }
  return Status::OK();
}

}  // namespace millrace::op
