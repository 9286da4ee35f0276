#include "base/config_value.h"

namespace millrace {

const ConfigValue* ConfigValue::Find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return value.kind == Kind::kNone ? nullptr : &value;
  }
  return nullptr;
}

std::string ConfigValue::Text(std::string_view key, const std::string& fallback) const {
  const ConfigValue* value = Find(key);
  return value == nullptr ? fallback : value->text;
}

int64_t ConfigValue::Integer(std::string_view key, int64_t fallback) const {
  const ConfigValue* value = Find(key);
  return value == nullptr ? fallback : value->integer;
}

bool ConfigValue::Bool(std::string_view key) const {
  const ConfigValue* value = Find(key);
  return value != nullptr && value->boolean;
}

std::vector<std::string> ConfigValue::Texts(std::string_view key) const {
  std::vector<std::string> texts;
  const ConfigValue* value = Find(key);
  if (value == nullptr) return texts;
  for (const ConfigValue& item : value->items) texts.push_back(item.text);
  return texts;
}

bool ConfigValue::IsWritten(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return value.node != nullptr;
  }
  return false;
}

}  // namespace millrace
