// JSON Schema of the config, for editors, out of the tables of fields.
#include <nlohmann/json.hpp>

#include "pipeline/config/fields.h"
#include "pipeline/config/loader.h"
#include "pipeline/config/model_contract.h"

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNamePattern = "^[A-Za-z][A-Za-z0-9_-]{0,63}$";
constexpr const char* kSizePattern =
    "^(0|[1-9][0-9]*)(\\.[0-9]+)? *(B|KiB|MiB|GiB|TiB|KB|kB|MB|GB|TB)?$";

std::string DefinitionName(const std::string& name) {
  std::string out;
  for (const char c : name) out += c == ' ' ? '_' : c;
  return out;
}
Json Ref(const std::string& name) { return {{"$ref", "#/$defs/" + DefinitionName(name)}}; }
Json OrReference(Json schema) {
  return {{"anyOf", Json::array({std::move(schema), Ref("reference")})}};
}

Json IntegerSchema(const Field& field) {
  Json schema = {{"type", "integer"}};
  if (field.min != std::numeric_limits<int64_t>::min()) schema["minimum"] = field.min;
  if (field.max != std::numeric_limits<int64_t>::max()) schema["maximum"] = field.max;
  return schema;
}

Json TextsSchema(const Field& field) {
  const Json item = Ref(field.null_is_text ? "text or null" : "text");
  Json list = {{"type", "array"}, {"items", item}};
  if (field.min > 0) list["minItems"] = field.min;
  if (!field.allow_single) return list;
  return {{"anyOf", Json::array({item, std::move(list)})}};
}

Json NamedSchema(const Field& field, Json value) {
  Json names = {{"pattern", kNamePattern}};
  if (field.free_names) names = {{"minLength", 1}, {"maxLength", 256}};
  Json schema = {{"type", "object"}, {"propertyNames", names}, {"additionalProperties", value}};
  if (field.min > 0) schema["minProperties"] = field.min;
  return schema;
}

Json CharacterSchema(const Field& field) {
  Json words = Json::array({"tab"});
  if (field.allow_none) words.push_back("none");
  const bool one_only = field.max == std::numeric_limits<int64_t>::max();
  // Several of them are marks: no letters, no digits.
  const std::string several =
      one_only ? "" : "|[\\x00-/:-@\\[-`{-\\x7F]{2," + std::to_string(field.max) + "}";
  const std::string pattern = one_only ? "^[\\x00-\\x7F]$" : "^([\\x00-\\x7F]" + several + ")$";
  Json one = {{"type", "string"}, {"pattern", pattern}};
  return {{"anyOf", Json::array({std::move(one), Json{{"enum", words}}, Ref("reference")})}};
}

Json TypeSchema(const Field& field) {
  switch (field.type) {
    case FieldType::kText:
      return Ref("text");
    case FieldType::kTitle:
      return {{"type", "string"}, {"minLength", 1}, {"maxLength", 200}};
    case FieldType::kName:
      return OrReference({{"type", "string"}, {"pattern", kNamePattern}});
    case FieldType::kPath:
      return {{"type", "string"}, {"minLength", 1}};
    case FieldType::kBool:
      return OrReference({{"type", "boolean"}});
    case FieldType::kInteger:
      return OrReference(IntegerSchema(field));
    case FieldType::kNumber:
      return OrReference(
          {{"type", "number"}, {"minimum", field.number_min}, {"maximum", field.number_max}});
    case FieldType::kSize: {
      Json text = {{"type", "string"}, {"pattern", kSizePattern}};
      return {{"anyOf", Json::array({IntegerSchema(field), std::move(text), Ref("reference")})}};
    }
    case FieldType::kChoice:
      return OrReference({{"enum", field.choices}});
    case FieldType::kCharacter:
      return CharacterSchema(field);
    case FieldType::kTexts:
      return TextsSchema(field);
    case FieldType::kObject:
      if (field.choices.empty()) return Ref(field.object->name);
      return {{"anyOf", Json::array({Json{{"enum", field.choices}}, Ref(field.object->name)})}};
    case FieldType::kNamedObjects:
      return NamedSchema(field, Ref(field.object->name));
    case FieldType::kNamedTexts:
      return NamedSchema(field, Ref("text or null"));
    case FieldType::kObjects:
      return {{"type", "array"}, {"items", Ref(field.object->name)}, {"minItems", 1}};
    case FieldType::kTextLists:
      return {{"type", "array"},
              {"items",
               {{"type", "array"},
                {"items", Ref("text")},
                {"minItems", field.min},
                {"maxItems", field.max}}},
              {"minItems", 1}};
    case FieldType::kFrom:
      return Ref("from");
  }
  return Json::object();
}

Json FallbackJson(const Field& field) {
  const bool literal = field.type == FieldType::kBool || field.type == FieldType::kInteger ||
                       field.type == FieldType::kNumber;
  return literal ? Json::parse(field.fallback) : Json(field.fallback);
}

Json FieldSchema(const Field& field) {
  Json schema = {{"description", field.doc}};
  const Json type = TypeSchema(field);
  for (const auto& [key, value] : type.items()) schema[key] = value;
  if (!field.fallback.empty()) schema["default"] = FallbackJson(field);
  return schema;
}

void Define(const ObjectSpec& spec, Json* definitions);

Json ObjectSchema(const ObjectSpec& spec, Json* definitions) {
  Json schema = {{"description", spec.doc}, {"type", "object"}, {"additionalProperties", false}};
  Json required = Json::array();
  schema["properties"] = Json::object();
  for (const Field& field : spec.fields) {
    Json property = FieldSchema(field);
    if (field.key == "type" && !spec.type_value.empty()) {
      property = {{"description", field.doc}, {"const", spec.type_value}};
    }
    schema["properties"][field.key] = std::move(property);
    if (field.required) required.push_back(field.key);
    if (field.object != nullptr) Define(*field.object, definitions);
  }
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

void Define(const ObjectSpec& spec, Json* definitions) {
  const std::string name = DefinitionName(spec.name);
  if (definitions->contains(name)) return;
  if (spec.variants.empty()) {
    Json schema = ObjectSchema(spec, definitions);
    (*definitions)[name] = std::move(schema);
    return;
  }
  Json variants = Json::array();
  for (const ObjectSpec* variant : spec.variants) {
    Define(*variant, definitions);
    variants.push_back(Ref(variant->name));
  }
  (*definitions)[name] = {{"description", spec.doc}, {"oneOf", std::move(variants)}};
}

// {path}, {const} or {expr}, a path alone, or a map from sources to these.
void DefineFrom(Json* definitions) {
  Json rules = Json::array({Ref("text")});
  for (const std::string& key : FromKeys()) {
    rules.push_back({{"type", "object"},
                     {"additionalProperties", false},
                     {"required", Json::array({key})},
                     {"properties", {{key, Ref("text")}}}});
  }
  (*definitions)["from_rule"] = {{"anyOf", std::move(rules)}};
  const Json per_source = {{"type", "object"},
                           {"minProperties", 1},
                           {"propertyNames", {{"not", {{"enum", FromKeys()}}}}},
                           {"additionalProperties", Ref("from_rule")}};
  (*definitions)["from"] = {{"anyOf", Json::array({Ref("from_rule"), per_source})}};
}

// `definitions` hold those of the object's own fields already.
Json Document(const std::string& title, const std::string& reference, const Json& object,
              Json definitions) {
  definitions["text"] = {{"type", {"string", "number", "boolean"}}};
  definitions["text_or_null"] = {{"type", {"string", "number", "boolean", "null"}}};
  definitions["reference"] = {
      {"description", reference}, {"type", "string"}, {"pattern", "\\$\\{[^}]*\\}"}};
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  for (const auto& [key, value] : object.items()) schema[key] = value;
  schema["$defs"] = std::move(definitions);
  return schema;
}

}  // namespace

std::string PipelineSchemaJson() {
  Json definitions = Json::object();
  Json pipeline = ObjectSchema(PipelineSpec(), &definitions);
  DefineFrom(&definitions);
  pipeline["not"] = {{"required", {"contract", "contracts"}}};
  return Document("Millrace pipeline",
                  "A value put in place when the config is read: ${name} of `params`, "
                  "${env:NAME} or ${file:path}.",
                  pipeline, std::move(definitions))
             .dump(2) +
         "\n";
}

std::string ModelContractSchemaJson() {
  Json definitions = Json::object();
  const Json contract = ObjectSchema(ModelContractSpec(), &definitions);
  return Document("Millrace model contract",
                  "A value put in place when the file is read: ${env:NAME} or ${file:path}.",
                  contract, std::move(definitions))
             .dump(2) +
         "\n";
}

}  // namespace millrace::pipeline
