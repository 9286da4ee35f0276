#include "millrace/operators.h"

#include <nlohmann/json.hpp>

#include "base/config_phrases.h"
#include "op/operator_table.h"

namespace millrace {
namespace {

OperatorDescription Describe(const op::OperatorType& type) {
  OperatorDescription description;
  description.name = type.name;
  description.kind = type.any_kind ? "any" : std::string(op::KindName(type.kind));
  description.version = type.version;
  description.reproducible = type.reproducible;
  description.global = type.global;
  description.draws = type.draws;
  description.doc = type.doc;
  description.columns = type.columns_doc;
  description.method = type.source;
  description.example = type.example;
  for (const ObjectSpec* spec : op::OperatorSpec().variants) {
    if (spec->type_value != type.name) continue;
    for (const Field& field : spec->fields) {
      if (field.key == "type") continue;
      description.parameters.push_back(
          {field.key, ValuePhrase(field), field.required, field.fallback, field.doc});
    }
  }
  return description;
}

}  // namespace

std::string OperatorDescription::ToJson() const {
  nlohmann::ordered_json json = {
      {"name", name},     {"kind", kind},   {"version", version}, {"reproducible", reproducible},
      {"global", global}, {"draws", draws}, {"doc", doc},         {"columns", columns}};
  if (!method.empty()) json["method"] = method;
  if (!example.empty()) json["example"] = example;
  json["parameters"] = nlohmann::ordered_json::array();
  for (const Parameter& parameter : parameters) {
    nlohmann::ordered_json one = {
        {"name", parameter.name}, {"value", parameter.value}, {"required", parameter.required}};
    if (!parameter.fallback.empty()) one["default"] = parameter.fallback;
    one["doc"] = parameter.doc;
    json["parameters"].push_back(std::move(one));
  }
  return json.dump(2);
}

const std::vector<OperatorDescription>& OperatorDescriptions() {
  static const auto* all = [] {
    auto* descriptions = new std::vector<OperatorDescription>;
    for (const op::OperatorType& type : op::Operators()) descriptions->push_back(Describe(type));
    return descriptions;
  }();
  return *all;
}

}  // namespace millrace
