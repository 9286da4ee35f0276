// The language that configs are described in: objects, their fields, types, bounds, defaults and a
// sentence each. The validator, the JSON Schema, the reference pages and the help of operators all
// come from tables of these; what a config holds by them is a ConfigValue (config_value.h).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace millrace {

enum class FieldType {
  kText,   // any scalar, taken as its text
  kTitle,  // any text of one line, not empty, at most 200 bytes
  kName,   // letters, digits, _ and -; begins with a letter; at most 64
  kPath,   // a path; relative ones are relative to the config file
  kBool,   // true or false
  kInteger,
  kNumber,
  kSize,          // bytes: an integer, or one with a unit (64MiB)
  kChoice,        // one of `choices`
  kCharacter,     // an ASCII character, or `tab`; `none` where allow_none; marks up to `max`
  kTexts,         // a list of texts; one alone where allow_single
  kObject,        // a map with the fields of `object`, or one of `choices` where there are any
  kNamedObjects,  // a map from names to `object`
  kNamedTexts,    // a map from names to texts
  kObjects,       // a list of `object`
  kTextLists,     // a list of lists of texts, each of at least `min` and at most `max`
  kFrom,          // where a column's value comes from: see docs of the column
};

struct ObjectSpec;

struct Field {
  std::string key;
  FieldType type = FieldType::kText;
  std::string doc;  // one sentence
  bool required = false;
  std::string fallback = {};  // the default, as written in a config; "" for none
  int64_t min = std::numeric_limits<int64_t>::min();  // of integers and sizes, elements of lists
  int64_t max = std::numeric_limits<int64_t>::max();
  double number_min = 0, number_max = 0;  // of numbers
  std::vector<std::string> choices = {};
  const ObjectSpec* object = nullptr;
  bool secret = false;        // must be a ${env:...}, ${file:...} or ${vault:...}; kept as it is
  bool allow_single = false;  // kTexts
  bool allow_none = false;    // kCharacter
  bool null_is_text = false;  // kTexts: a plain null or ~ is meant as that text
  bool free_names = false;    // kNamedObjects: any non-empty name (columns)
  bool is_params = false;     // kNamedTexts: the parameters, which cannot refer to each other
};

/// An object with fields, or, with `variants`, one of several chosen by the field `type`.
struct ObjectSpec {
  std::string name;  // "csv source"; also names its definition in the schema
  std::string doc;
  std::vector<Field> fields = {};
  std::vector<const ObjectSpec*> variants = {};
  std::string type_value = {};  // of a variant: the value of `type` that chooses it

  const Field* Find(const std::string& key) const;
  std::vector<std::string> Keys() const;
};

/// What the variants of an object share: a noun for their names, and the field that chooses one.
struct VariantFamily {
  std::string noun, type_doc;
  std::vector<std::string> types;
};
/// A variant of the family: the field `type`, then `more`.
ObjectSpec VariantSpec(const VariantFamily& family, const std::string& type, const std::string& doc,
                       std::vector<Field> more);

}  // namespace millrace
