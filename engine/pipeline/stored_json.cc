#include "pipeline/stored_json.h"

#include <limits>

namespace millrace::pipeline {

Result<nlohmann::ordered_json> ReadStoredJson(io::Store& store, const std::string& key) {
  using Json = nlohmann::ordered_json;
  ARROW_ASSIGN_OR_RAISE(const bool there, store.Exists(key));
  if (!there) return Json();
  ARROW_ASSIGN_OR_RAISE(const std::string text,
                        store.ReadSmall(key, std::numeric_limits<int64_t>::max()));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : Json();
}

}  // namespace millrace::pipeline
