#include "base/config_spec.h"

namespace millrace {

const Field* ObjectSpec::Find(const std::string& key) const {
  for (const Field& field : fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

std::vector<std::string> ObjectSpec::Keys() const {
  std::vector<std::string> keys;
  for (const Field& field : fields) keys.push_back(field.key);
  return keys;
}

ObjectSpec VariantSpec(const VariantFamily& family, const std::string& type, const std::string& doc,
                       std::vector<Field> more) {
  ObjectSpec spec{.name = type + " " + family.noun, .doc = doc};
  spec.type_value = type;
  spec.fields = {{.key = "type",
                  .type = FieldType::kChoice,
                  .doc = family.type_doc,
                  .required = true,
                  .choices = family.types}};
  spec.fields.insert(spec.fields.end(), more.begin(), more.end());
  return spec;
}

}  // namespace millrace
