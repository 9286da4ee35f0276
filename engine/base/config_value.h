// A config after its fields have been read by the tables: typed values in the order of the tables,
// defaults filled in, references in place. Value type; points into the text tree it came from
// (pipeline/config/tree.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_spec.h"
#include "base/diagnostic.h"

namespace millrace {

namespace pipeline {
struct ConfigNode;
}
struct ConfigMember;

struct ConfigValue {
  enum class Kind { kNone, kBool, kInteger, kNumber, kText, kTexts, kObject, kList };
  Kind kind = Kind::kNone;  // kNone: the value was written but is wrong; reported already
  const pipeline::ConfigNode* node = nullptr;  // null: a default
  SourceSpan span;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  std::string text;
  bool secret = false;             // text is a reference that stays one
  bool as_written = true;          // no reference was put in place: positions match the node's text
  std::vector<ConfigValue> items;  // kTexts, kList
  std::vector<ConfigMember> members;     // kObject
  std::vector<SourceSpan> member_spans;  // of the members' keys
  const ObjectSpec* spec = nullptr;      // of an object with fields

  /// A member, or nullptr where it is absent or wrong.
  const ConfigValue* Find(std::string_view key) const;
  /// Members by type; the fallback where absent or wrong.
  std::string Text(std::string_view key, const std::string& fallback = "") const;
  int64_t Integer(std::string_view key, int64_t fallback = 0) const;
  bool Bool(std::string_view key) const;
  std::vector<std::string> Texts(std::string_view key) const;
  /// Whether the member is written in the config, rightly or not.
  bool IsWritten(std::string_view key) const;
};

struct ConfigMember {
  std::string name;
  ConfigValue value;
};

}  // namespace millrace
