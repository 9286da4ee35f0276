#include "pipeline/config/walk.h"

#include <algorithm>

#include "base/config_phrases.h"
#include "base/reserved_columns.h"
#include "pipeline/config/scalar.h"

namespace millrace::pipeline {
namespace {

class Walk {
 public:
  Walk(const ReferenceScope& scope, ConfigProblems* problems)
      : scope_(scope), problems_(problems) {}

  ConfigValue Object(const ConfigNode& node, const ObjectSpec& given, const std::string& key) {
    ConfigValue value = Begin(node);
    if (!IsMap(node, key, "a map with the keys of a " + given.name)) return value;
    const ObjectSpec* spec = Variant(node, given);
    if (spec == nullptr) return value;
    value.kind = ConfigValue::Kind::kObject;
    value.spec = spec;
    ReportUnknownKeys(node, *spec, given);
    for (const Field& field : spec->fields) {
      const ConfigNode* written = node.Find(field.key);
      if (written != nullptr) {
        value.members.push_back({field.key, Read(*written, field)});
      } else if (field.required) {
        problems_->Add(ErrorCode::kMissingKey, node.span,
                       "`" + field.key + "` is missing" + In(key, given));
      } else if (!field.fallback.empty()) {
        ConfigValue fallback;
        const ScalarFault fault = ReadScalar(field, field.fallback, false, &fallback);
        MILLRACE_CHECK(fault.message.empty());
        value.members.push_back({field.key, std::move(fallback)});
      }
    }
    return value;
  }

 private:
  static ConfigValue Begin(const ConfigNode& node) {
    ConfigValue value;
    value.node = &node;
    value.span = node.span;
    return value;
  }

  static std::string In(const std::string& key, const ObjectSpec& spec) {
    return key.empty() ? "" : " in the " + spec.name + " `" + key + "`";
  }

  bool IsMap(const ConfigNode& node, const std::string& key, const std::string& what) {
    if (node.kind == ConfigNode::Kind::kMap) return true;
    const std::string name = key.empty() ? "a config" : "`" + key + "`";
    problems_->Add(ErrorCode::kWrongType, node.span,
                   node.kind == ConfigNode::Kind::kEmpty ? name + " is empty, but must be a map"
                                                         : name + " must be " + what);
    return false;
  }

  const ObjectSpec* Variant(const ConfigNode& node, const ObjectSpec& spec) {
    if (spec.variants.empty()) return &spec;
    const Field& type_field = spec.variants[0]->fields[0];
    const ConfigNode* type = node.Find("type");
    if (type == nullptr) {
      problems_->Add(ErrorCode::kMissingKey, node.span, "`type` is missing",
                     "write " + ListChoices(type_field.choices));
      return nullptr;
    }
    const ConfigValue value = Read(*type, type_field);
    if (value.kind != ConfigValue::Kind::kText) return nullptr;
    for (const ObjectSpec* variant : spec.variants) {
      if (variant->type_value == value.text) return variant;
    }
    return nullptr;
  }

  void ReportUnknownKeys(const ConfigNode& node, const ObjectSpec& spec, const ObjectSpec& given) {
    for (const ConfigEntry& entry : node.entries) {
      if (spec.Find(entry.key) != nullptr) continue;
      std::string suggestion = DidYouMean(entry.key, spec.Keys());
      std::string owners;
      for (const ObjectSpec* other : given.variants) {
        if (other->Find(entry.key) == nullptr) continue;
        owners += (owners.empty() ? "`type: " : ", `type: ") + other->type_value + "`";
      }
      if (!owners.empty()) suggestion = "`" + entry.key + "` belongs to " + owners;
      if (entry.key == "<<") suggestion = "merge keys are not supported: write the keys out";
      if (suggestion.empty()) suggestion = "the keys here are " + ListChoices(spec.Keys());
      problems_->Add(ErrorCode::kUnknownKey, entry.key_span,
                     "`" + entry.key + "` is not a key of a " + spec.name, suggestion);
    }
  }

  ConfigValue Read(const ConfigNode& node, const Field& field) {
    switch (field.type) {
      case FieldType::kObject:
        return node.kind == ConfigNode::Kind::kScalar && !field.choices.empty()
                   ? Scalar(node, field)
                   : Object(node, *field.object, field.key);
      case FieldType::kNamedObjects:
        return NamedObjects(node, field);
      case FieldType::kNamedTexts:
        return NamedTexts(node, field);
      case FieldType::kObjects:
        return Objects(node, field);
      case FieldType::kTextLists:
        return TextLists(node, field);
      case FieldType::kTexts:
        return Texts(node, field);
      case FieldType::kFrom:
        return From(node);
      default:
        return Scalar(node, field);
    }
  }

  ConfigValue Scalar(const ConfigNode& node, const Field& field) {
    ConfigValue value = Begin(node);
    if (node.kind != ConfigNode::Kind::kScalar) {
      const bool empty = node.kind == ConfigNode::Kind::kEmpty;
      problems_->Add(ErrorCode::kWrongType, node.span,
                     "`" + field.key + "` must be " + TypePhrase(field) + ", but " +
                         (empty                                 ? "nothing is written"
                          : node.kind == ConfigNode::Kind::kMap ? "is a map"
                                                                : "is a list"),
                     empty ? "leave the key out, or write \"\" for an empty text" : "");
      return value;
    }
    if (field.secret) return Secret(node, field);
    const ResolvedText resolved = ResolveReferences(node.text, scope_);
    for (const ReferenceProblem& p : resolved.problems) {
      problems_->Add(p.code, problems_->tree().SpanInside(node, p.offset, p.length), p.message,
                     p.suggestion);
    }
    if (!resolved.problems.empty() || resolved.lacks_parameter) return value;
    if (resolved.had_references && HoldsUrlPassword(resolved.text)) {
      problems_->Add(
          ErrorCode::kSecretInClear, node.span,
          "references put a password into this URL, and `" + field.key + "` is stored in clear");
      return value;
    }
    value.as_written = !resolved.had_references;
    const bool quoted = node.quoted && !resolved.had_references;
    const ScalarFault fault = ReadScalar(field, resolved.text, quoted, &value);
    if (!fault.message.empty()) {
      problems_->Add(fault.code, node.span, fault.message, fault.suggestion);
      value.kind = ConfigValue::Kind::kNone;
    }
    return value;
  }

  // Stays a reference: it is resolved at the moment of use and never written anywhere.
  ConfigValue Secret(const ConfigNode& node, const Field& field) {
    ConfigValue value = Begin(node);
    if (!IsSecretReference(node.text)) {
      problems_->HideLines(node);
      SourceSpan span = node.span;
      span.length = 1;
      problems_->Add(ErrorCode::kSecretInClear, span,
                     "the value of `" + field.key + "` is written in clear",
                     "keep it outside and refer to it: ${env:NAME}, ${file:path} or "
                     "${vault:path#field}");
      return value;
    }
    value.kind = ConfigValue::Kind::kText;
    value.text = node.text;
    value.secret = true;
    return value;
  }

  ConfigValue Texts(const ConfigNode& node, const Field& field) {
    ConfigValue value = Begin(node);
    if (field.allow_single && node.kind == ConfigNode::Kind::kScalar) {
      value.items.push_back(Item(node, field));
    } else if (node.kind != ConfigNode::Kind::kSequence) {
      const bool scalar = node.kind == ConfigNode::Kind::kScalar;
      problems_->Add(ErrorCode::kWrongType, node.span, "`" + field.key + "` must be a list",
                     scalar ? "write [" + node.text + "]" : "");
      return value;
    }
    for (const ConfigNode& item : node.items) value.items.push_back(Item(item, field));
    const auto count = static_cast<int64_t>(value.items.size());
    if (count == 0 && field.min > 0) {
      problems_->Add(ErrorCode::kBadValue, node.span, "`" + field.key + "` is an empty list",
                     "leave it out, or name at least one");
      return value;
    }
    if (count < field.min || count > field.max) {
      const bool few = count < field.min;
      problems_->Add(ErrorCode::kBadValue, node.span,
                     "`" + field.key + "` names at " + (few ? "least " : "most ") +
                         std::to_string(few ? field.min : field.max));
      return value;
    }
    const bool all_right = std::all_of(value.items.begin(), value.items.end(), [](const auto& v) {
      return v.kind == ConfigValue::Kind::kText;
    });
    if (all_right) value.kind = ConfigValue::Kind::kTexts;
    return value;
  }

  ConfigValue Item(const ConfigNode& node, const Field& list) {
    Field field = list;
    field.type = FieldType::kText;
    return Scalar(node, field);
  }

  bool IsList(const ConfigNode& node, const Field& field) {
    if (node.kind != ConfigNode::Kind::kSequence) {
      problems_->Add(ErrorCode::kWrongType, node.span, "`" + field.key + "` must be a list");
      return false;
    }
    if (!node.items.empty()) return true;
    problems_->Add(ErrorCode::kBadValue, node.span, "`" + field.key + "` is an empty list",
                   "leave it out, or name at least one");
    return false;
  }

  ConfigValue Objects(const ConfigNode& node, const Field& field) {
    ConfigValue value = Begin(node);
    if (!IsList(node, field)) return value;
    if (static_cast<int64_t>(node.items.size()) > field.max) {
      problems_->Add(ErrorCode::kBadValue, node.span,
                     "`" + field.key + "` has more than " + std::to_string(field.max) + " entries");
      return value;
    }
    value.kind = ConfigValue::Kind::kList;
    for (const ConfigNode& item : node.items) {
      value.items.push_back(Object(item, *field.object, NameOf(item, field.key)));
    }
    return value;
  }

  // What messages call an item of a list: what it calls itself, else the list.
  static std::string NameOf(const ConfigNode& item, const std::string& list) {
    for (const char* key : {"id", "name"}) {
      const ConfigNode* name = item.Find(key);
      if (name != nullptr && name->kind == ConfigNode::Kind::kScalar && !name->text.empty()) {
        return name->text;
      }
    }
    return list;
  }

  ConfigValue TextLists(const ConfigNode& node, const Field& field) {
    ConfigValue value = Begin(node);
    if (!IsList(node, field)) return value;
    value.kind = ConfigValue::Kind::kList;
    for (const ConfigNode& item : node.items) {
      Field list = field;
      list.type = FieldType::kTexts;
      list.min = 0;
      list.max = std::numeric_limits<int64_t>::max();
      ConfigValue texts = Texts(item, list);
      if (static_cast<int64_t>(texts.items.size()) < field.min ||
          static_cast<int64_t>(texts.items.size()) > field.max) {
        problems_->Add(ErrorCode::kBadValue, item.span,
                       "an entry of `" + field.key + "` has " + std::to_string(field.min) +
                           (field.max == field.min ? "" : " to " + std::to_string(field.max)) +
                           " names");
        texts.kind = ConfigValue::Kind::kNone;
      }
      value.items.push_back(std::move(texts));
    }
    return value;
  }

  ConfigValue NamedTexts(const ConfigNode& node, const Field& field) {
    ConfigValue value = Begin(node);
    if (!IsMap(node, field.key, "a map from names to texts")) return value;
    value.kind = ConfigValue::Kind::kObject;
    scope_.allow_params = !field.is_params;
    for (const ConfigEntry& entry : node.entries) {
      Field text{.key = entry.key, .doc = ""};
      value.members.push_back({entry.key, Scalar(entry.value, text)});
      value.member_spans.push_back(entry.key_span);
    }
    scope_.allow_params = true;
    return value;
  }

  ConfigValue NamedObjects(const ConfigNode& node, const Field& field) {
    ConfigValue value = Begin(node);
    if (!IsMap(node, field.key, "a map from names to " + field.object->name + "s")) return value;
    value.kind = ConfigValue::Kind::kObject;
    if (static_cast<int64_t>(node.entries.size()) < field.min) {
      problems_->Add(ErrorCode::kBadValue, node.span, "`" + field.key + "` is empty");
    }
    if (static_cast<int64_t>(node.entries.size()) > field.max) {
      problems_->Add(ErrorCode::kBadValue, node.span,
                     "`" + field.key + "` has more than " + std::to_string(field.max) + " entries");
      return value;
    }
    for (const ConfigEntry& entry : node.entries) {
      CheckName(entry, field);
      value.members.push_back({entry.key, Object(entry.value, *field.object, entry.key)});
      value.member_spans.push_back(entry.key_span);
    }
    return value;
  }

  void CheckName(const ConfigEntry& entry, const Field& field) {
    if (!field.free_names) {
      if (IsName(entry.key)) return;
      problems_->Add(ErrorCode::kBadValue, entry.key_span, "`" + entry.key + "` is no name",
                     "names are letters, digits, _ and -, begin with a letter and have at most 64");
      return;
    }
    constexpr size_t kColumnNameBytesMax = 256;
    if (entry.key.empty() || entry.key.size() > kColumnNameBytesMax ||
        entry.key.find('\0') != std::string::npos) {
      problems_->Add(ErrorCode::kBadValue, entry.key_span,
                     "a column's name has 1 to 256 bytes and no NUL");
    } else if (IsReservedColumn(entry.key)) {
      problems_->Add(ErrorCode::kBadValue, entry.key_span,
                     "columns that begin with `__fdf__/` are written by the engine");
    }
  }

  // One of {path}, {const}, {expr}; a path alone is normalised to its text.
  ConfigValue FromRule(const ConfigNode& node) {
    if (node.kind != ConfigNode::Kind::kMap) return Path(node, "from");
    ConfigValue value = Begin(node);
    if (node.entries.size() != 1) {
      problems_->Add(ErrorCode::kBadValue, node.span,
                     "`from` takes exactly one of `path`, `const` and `expr`");
      return value;
    }
    const ConfigEntry& entry = node.entries[0];
    if (entry.key == "path") return Path(entry.value, "path");
    if (entry.key != "const" && entry.key != "expr") {
      std::string suggestion = DidYouMean(entry.key, FromKeys());
      if (suggestion.empty()) suggestion = "write " + ListChoices(FromKeys());
      problems_->Add(ErrorCode::kUnknownKey, entry.key_span,
                     "`" + entry.key + "` is not a key of `from`", suggestion);
      return value;
    }
    ConfigValue inner = Scalar(entry.value, Field{.key = entry.key, .doc = ""});
    if (inner.kind == ConfigValue::Kind::kNone) return value;
    value.kind = ConfigValue::Kind::kObject;
    value.members.push_back({entry.key, std::move(inner)});
    value.member_spans.push_back(entry.key_span);
    return value;
  }

  ConfigValue Path(const ConfigNode& node, const std::string& key) {
    ConfigValue value = Scalar(node, Field{.key = key, .doc = ""});
    if (value.kind == ConfigValue::Kind::kText && value.text.empty()) {
      problems_->Add(ErrorCode::kBadValue, node.span, "`" + key + "` is empty");
      value.kind = ConfigValue::Kind::kNone;
    }
    return value;
  }

  ConfigValue From(const ConfigNode& node) {
    const auto is_rule_key = [](const ConfigEntry& e) {
      return std::find(FromKeys().begin(), FromKeys().end(), e.key) != FromKeys().end();
    };
    const bool per_source = node.kind == ConfigNode::Kind::kMap &&
                            std::none_of(node.entries.begin(), node.entries.end(), is_rule_key);
    if (!per_source) return FromRule(node);
    ConfigValue value = Begin(node);
    if (node.entries.empty()) {
      problems_->Add(ErrorCode::kBadValue, node.span, "`from` is empty",
                     "leave it out: the column of the same name is taken");
      return value;
    }
    value.kind = ConfigValue::Kind::kObject;
    for (const ConfigEntry& entry : node.entries) {
      value.members.push_back({entry.key, FromRule(entry.value)});
      value.member_spans.push_back(entry.key_span);
    }
    return value;
  }

  ReferenceScope scope_;
  ConfigProblems* problems_;
};

}  // namespace

bool IsName(const std::string& text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && text.size() <= 64 && is_letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

ConfigValue WalkConfig(const ConfigNode& root, const ObjectSpec& spec, const ReferenceScope& scope,
                       ConfigProblems* problems) {
  return Walk(scope, problems).Object(root, spec, "");
}

}  // namespace millrace::pipeline
