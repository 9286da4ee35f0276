// JSON that earlier runs left: reports, cards, logs. Another program may have written it, or damage
// may be in it, so what is missing or of another type reads as nothing; no exception, no error.
//
// Thread-safety: pure functions, but for the store.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/status.h"
#include "io/store.h"

namespace millrace::pipeline {

/// The object in the file; null where there is no file, or no object in it. Errors: those of the
/// store.
Result<nlohmann::ordered_json> ReadStoredJson(io::Store& store, const std::string& key);

/// Null where `json` is no object or has no such member. Lives as long as `json`.
template <typename Json>
const Json& MemberOf(const Json& json, const char* key) {
  static const auto* nothing = new Json();
  if (!json.is_object()) return *nothing;
  const auto found = json.find(key);
  return found == json.end() ? *nothing : *found;
}

/// Empty where the member is no array. Lives as long as `json`.
template <typename Json>
const Json& ItemsOf(const Json& json, const char* key) {
  static const auto* nothing = new Json(Json::array());
  const Json& member = MemberOf(json, key);
  return member.is_array() ? member : *nothing;
}

template <typename Json>
std::string TextOf(const Json& json, const char* key) {
  const Json& member = MemberOf(json, key);
  return member.is_string() ? member.template get<std::string>() : std::string();
}

template <typename Json>
int64_t NumberOf(const Json& json, const char* key) {
  const Json& member = MemberOf(json, key);
  return member.is_number_integer() ? member.template get<int64_t>() : 0;
}

}  // namespace millrace::pipeline
