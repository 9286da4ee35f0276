// The reference of docs/config.md out of the tables of fields.
#include <set>

#include "base/quantity.h"
#include "pipeline/config/fields.h"
#include "pipeline/config/loader.h"
#include "pipeline/config/model_contract.h"
#include "pipeline/config/scalar.h"

namespace millrace::pipeline {
namespace {

std::string Bounds(const Field& field) {
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

std::string TypeText(const Field& field) {
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

std::string DefaultText(const Field& field) {
  if (field.required) return "required";
  return field.fallback.empty() ? "" : "`" + field.fallback + "`";
}

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void Append(const ObjectSpec& spec, std::set<const ObjectSpec*>* done, std::string* out) {
  if (!done->insert(&spec).second) return;
  if (spec.variants.empty()) {
    *out += "### " + spec.name + "\n\n" + spec.doc +
            "\n\n| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |\n";
    for (const Field& field : spec.fields) {
      const bool chosen = field.key == "type" && !spec.type_value.empty();
      *out += "| `" + field.key + "` | " +
              Escaped(chosen ? "`" + spec.type_value + "`" : TypeText(field)) + " | " +
              DefaultText(field) + " | " + Escaped(field.doc) + " |\n";
    }
    *out += '\n';
  }
  for (const ObjectSpec* variant : spec.variants) Append(*variant, done, out);
  for (const Field& field : spec.fields) {
    if (field.object != nullptr) Append(*field.object, done, out);
  }
}

}  // namespace

std::string ConfigReferenceMarkdown() {
  std::set<const ObjectSpec*> done;
  std::string out;
  Append(PipelineSpec(), &done, &out);
  return out;
}

std::string ModelContractReferenceMarkdown() {
  std::set<const ObjectSpec*> done;
  std::string out;
  Append(ModelContractSpec(), &done, &out);
  return out;
}

}  // namespace millrace::pipeline
