#include "contract/drift_json.h"

#include <nlohmann/json.hpp>

namespace millrace::contract {
namespace {

using Json = nlohmann::ordered_json;

// The member's text; "" where it is absent, false when it is something else.
bool TextOf(const Json& json, const char* key, std::string* text) {
  const auto found = json.find(key);
  if (found == json.end()) return true;
  if (!found->is_string()) return false;
  *text = found->get<std::string>();
  return true;
}

}  // namespace

Json DriftToJson(const std::vector<Drift>& drifts) {
  Json list = Json::array();
  for (const Drift& drift : drifts) {
    Json json = {{"kind", std::string(DriftKindName(drift.kind))},
                 {"action", std::string(DriftActionName(drift.action))},
                 {"source", drift.source}};
    if (!drift.file.empty()) json["file"] = drift.file;
    if (!drift.against.empty()) json["against"] = drift.against;
    if (!drift.column.empty()) json["column"] = drift.column;
    json["before"] = drift.before;
    json["after"] = drift.after;
    list.push_back(std::move(json));
  }
  return list;
}

Json ShapeToJson(const Shape& shape) {
  Json columns = Json::array();
  for (const ColumnShape& column : shape.columns) {
    Json json = {{"name", column.name}, {"type", column.type}, {"nulls", column.nulls}};
    if (!column.pattern.empty()) json["pattern"] = column.pattern;
    if (!column.values.empty()) json["values"] = column.values;
    columns.push_back(std::move(json));
  }
  return {
      {"encoding", shape.encoding}, {"dialect", shape.dialect}, {"columns", std::move(columns)}};
}

std::optional<std::vector<Drift>> DriftFromJson(const Json& json) {
  if (!json.is_array()) return std::nullopt;
  std::vector<Drift> drifts;
  for (const Json& item : json) {
    Drift drift;
    std::string kind, action;
    if (!item.is_object() || !TextOf(item, "kind", &kind) || !TextOf(item, "action", &action) ||
        !TextOf(item, "source", &drift.source) || !TextOf(item, "file", &drift.file) ||
        !TextOf(item, "against", &drift.against) || !TextOf(item, "column", &drift.column) ||
        !TextOf(item, "before", &drift.before) || !TextOf(item, "after", &drift.after) ||
        !DriftKindOf(kind) || !DriftActionOf(action)) {
      return std::nullopt;
    }
    drift.kind = *DriftKindOf(kind);
    drift.action = *DriftActionOf(action);
    drifts.push_back(std::move(drift));
  }
  return drifts;
}

std::optional<Shape> ShapeFromJson(const Json& json) {
  Shape shape;
  if (!json.is_object() || !TextOf(json, "encoding", &shape.encoding) ||
      !TextOf(json, "dialect", &shape.dialect) || !json.contains("columns") ||
      !json["columns"].is_array()) {
    return std::nullopt;
  }
  for (const Json& item : json["columns"]) {
    ColumnShape column;
    if (!item.is_object() || !TextOf(item, "name", &column.name) ||
        !TextOf(item, "type", &column.type) || !TextOf(item, "pattern", &column.pattern) ||
        !item.contains("nulls") || !item["nulls"].is_boolean()) {
      return std::nullopt;
    }
    column.nulls = item["nulls"].get<bool>();
    for (const Json& value : item.value("values", Json::array())) {
      if (!value.is_string()) return std::nullopt;
      column.values.push_back(value.get<std::string>());
    }
    shape.columns.push_back(std::move(column));
  }
  return shape;
}

}  // namespace millrace::contract
