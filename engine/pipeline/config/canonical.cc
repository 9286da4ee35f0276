#include "pipeline/config/canonical.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/sha256.h"
#include "pipeline/config/references.h"

namespace millrace::pipeline {
namespace {

using Ordered = nlohmann::ordered_json;
using Sorted = nlohmann::json;
using Kind = ConfigValue::Kind;

// Before a secret's reference, which must read back as a reference; no text of a config has it.
constexpr char kSecretMark = '\x01';

template <typename Json>
Json ToJson(const ConfigValue& value) {
  switch (value.kind) {
    case Kind::kNone:
      return nullptr;
    case Kind::kBool:
      return value.boolean;
    case Kind::kInteger:
      return value.integer;
    case Kind::kNumber:
      return value.number;
    case Kind::kText:
      return value.secret ? kSecretMark + value.text : value.text;
    case Kind::kTexts:
    case Kind::kList: {
      Json list = Json::array();
      for (const ConfigValue& item : value.items) list.push_back(ToJson<Json>(item));
      return list;
    }
    case Kind::kObject: {
      Json object = Json::object();
      for (const auto& [key, member] : value.members) object[key] = ToJson<Json>(member);
      return object;
    }
  }
  return nullptr;
}

// How an API is talked to: none of it shapes the data.
constexpr const char* kConduct[] = {"auth",           "ca_file",     "timeout_seconds",
                                    "rate_limit",     "retry",       "max_pages",
                                    "page_bytes_max", "concurrency", "allow_private"};
// What shapes neither the requests nor the reading of answers.
constexpr const char* kNotInFetch[] = {
    "auth",        "ca_file",       "timeout_seconds",  "rate_limit", "retry",
    "contract",    "limits",        "record_bytes_max", "max_pages",  "page_bytes_max",
    "concurrency", "allow_private", "total_mismatch"};

// A word that every YAML reader takes for the same text.
bool IsPlainWord(const std::string& text) {
  static const auto* surprising =
      new std::set<std::string>{"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  std::string lower;
  for (const char c : text) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !lower.empty() && is_letter(lower[0]) && surprising->count(lower) == 0 &&
         std::all_of(lower.begin(), lower.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

// JSON's string is YAML's, but for what JSON leaves as it is and YAML does not allow.
std::string YamlText(const std::string& text, bool is_key) {
  const bool secret = !text.empty() && text[0] == kSecretMark;
  const std::string escaped = secret ? text.substr(1) : is_key ? text : EscapeReferences(text);
  if (IsPlainWord(escaped)) return escaped;
  std::string quoted;
  for (const char c : Ordered(escaped).dump()) {
    if (c == '\x7f') {
      quoted += "\\x7F";
    } else {
      quoted += c;
    }
  }
  return quoted;
}

std::string YamlScalar(const Ordered& value) {
  return value.is_string() ? YamlText(value.get<std::string>(), false) : value.dump();
}

std::string YamlList(const Ordered& list) {
  std::string out;
  for (const Ordered& item : list) {
    out += (out.empty() ? "" : ", ") + (item.is_array() ? YamlList(item) : YamlScalar(item));
  }
  return '[' + out + ']';
}

void AppendYaml(const Ordered& object, int depth, std::string* out) {
  const std::string indent(static_cast<size_t>(depth) * 2, ' ');
  for (const auto& [key, value] : object.items()) {
    *out += indent + YamlText(key, true) + ':';
    if (value.is_object() && !value.empty()) {
      *out += '\n';
      AppendYaml(value, depth + 1, out);
    } else if (value.is_array() && !value.empty() && value[0].is_object()) {
      *out += '\n';
      for (const Ordered& item : value) {
        const size_t begin = out->size();
        AppendYaml(item, depth + 2, out);
        (*out)[begin + indent.size() + 2] = '-';
      }
    } else if (value.is_array()) {
      *out += ' ' + YamlList(value) + '\n';
    } else {
      *out += ' ' + YamlScalar(value) + '\n';
    }
  }
}

Ordered Resolved(const ConfigValue& config) {
  Ordered json = ToJson<Ordered>(config);
  json.erase("params");
  return json;
}

}  // namespace

std::string ResolvedYaml(const ConfigValue& config) {
  std::string yaml;
  AppendYaml(Resolved(config), 0, &yaml);
  return yaml;
}

std::string ConfigHash(const ConfigValue& config) {
  Ordered json = Resolved(config);
  json.erase("workspace");
  json.erase("limits");
  json.erase("vault");
  json.erase("storage");
  json.erase("hooks");
  json.erase("model_contract");
  // Drift is told of or ends a run; it never shapes what is written.
  if (json.contains("contract")) json["contract"].erase("drift");
  if (json.contains("contracts")) {
    for (auto& [name, contract] : json["contracts"].items()) contract.erase("drift");
  }
  for (auto& [name, source] : json["sources"].items()) {
    source.erase("limits");
    for (const char* key : kConduct) source.erase(key);
  }
  if (json.contains("exports")) {
    for (auto& [name, target] : json["exports"].items()) target.erase("path");
  }
  return Sha256Hex("millrace config 1\n" + json.dump());
}

std::string FetchKey(const ConfigValue& rest) {
  Ordered json = ToJson<Ordered>(rest);
  for (const char* key : kNotInFetch) json.erase(key);
  return Sha256Hex("millrace fetch 1\n" + json.dump());
}

std::string SourceJson(const std::string& name, const ConfigValue& source) {
  Sorted json = ToJson<Sorted>(source);
  if (source.spec != nullptr && source.spec->type_value == "rest") {
    // The pages' content tells what was asked for; here is what is made of it.
    Sorted kept = {{"name", name}};
    for (const char* key : {"type", "format", "records", "records_may_miss", "record_bytes_max"}) {
      if (json.contains(key)) kept[key] = json[key];
    }
    return kept.dump();
  }
  json["name"] = name;
  for (const char* key : {"path", "contract", "limits", "keep_rows"}) json.erase(key);
  return json.dump();
}

std::string OperatorJson(const ConfigValue& instance) {
  Sorted json = ToJson<Sorted>(instance);
  json.erase("id");
  json.erase("type");
  // Not where a file lies: what it holds is hashed by itself.
  if (instance.spec != nullptr) {
    for (const Field& field : instance.spec->fields) {
      if (field.type == FieldType::kPath) json.erase(field.key);
    }
  }
  return json.dump();
}

std::string ContractJson(const std::string& name, const ConfigValue& contract) {
  Sorted json = ToJson<Sorted>(contract);
  json["name"] = name;
  json.erase("drift");
  json["columns"] = Sorted::array();
  if (const ConfigValue* columns = contract.Find("columns")) {
    for (const auto& [column, value] : columns->members) {
      Sorted entry = ToJson<Sorted>(value);
      entry["name"] = column;
      json["columns"].push_back(std::move(entry));
    }
  }
  return json.dump();
}

}  // namespace millrace::pipeline
