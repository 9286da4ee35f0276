#include "contract/drift.h"

#include <algorithm>

namespace millrace::contract {
namespace {

constexpr std::array<std::string_view, kDriftKinds> kKindNames = {
    "column_added", "column_removed", "type_widened",   "type_narrowed", "type_conflict",
    "nullability",  "format",         "new_enum_value", "dialect",       "encoding"};
constexpr std::array<std::string_view, 3> kActionNames = {"allow", "warn", "fail"};

// Chains of types of which each holds every value of those before it. A text holds all.
bool Holds(const std::string& wide, const std::string& narrow) {
  if (wide == "string") return true;
  static const std::vector<std::vector<std::string>> chains = {
      {"int8", "int16", "int32", "int64", "float64"},
      {"uint8", "uint16", "uint32", "uint64"},
      {"uint8", "int16"},
      {"uint16", "int32"},
      {"uint32", "int64"},
      {"float32", "float64"},
      {"date", "timestamp[s]", "timestamp[ms]", "timestamp[us]", "timestamp[ns]"}};
  for (const auto& chain : chains) {
    const auto from = std::find(chain.begin(), chain.end(), narrow);
    if (from != chain.end() && std::find(from, chain.end(), wide) != chain.end()) return true;
  }
  return false;
}

const ColumnShape* Find(const Shape& shape, const std::string& name) {
  for (const ColumnShape& column : shape.columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

class Comparison {
 public:
  std::vector<Drift> Run(const Shape& before, const Shape& after) {
    if (before.encoding != after.encoding) {
      Add(DriftKind::kEncoding, "", before.encoding, after.encoding);
    }
    if (before.dialect != after.dialect) {
      Add(DriftKind::kDialect, "", before.dialect, after.dialect);
    }
    for (const ColumnShape& column : after.columns) {
      const ColumnShape* old = Find(before, column.name);
      if (old == nullptr) {
        Add(DriftKind::kColumnAdded, column.name, "", column.type);
      } else {
        CompareColumn(*old, column);
      }
    }
    for (const ColumnShape& column : before.columns) {
      if (Find(after, column.name) != nullptr) continue;
      Add(DriftKind::kColumnRemoved, column.name, column.type, "");
    }
    return std::move(found_);
  }

 private:
  void Add(DriftKind kind, const std::string& column, const std::string& before,
           const std::string& after) {
    Drift drift;
    drift.kind = kind;
    drift.column = column;
    drift.before = before;
    drift.after = after;
    found_.push_back(std::move(drift));
  }

  void CompareColumn(const ColumnShape& before, const ColumnShape& after) {
    const bool typed = !before.type.empty() && !after.type.empty();
    if (typed && before.type != after.type) {
      const DriftKind kind = Holds(after.type, before.type)   ? DriftKind::kTypeWidened
                             : Holds(before.type, after.type) ? DriftKind::kTypeNarrowed
                                                              : DriftKind::kTypeConflict;
      Add(kind, after.name, before.type, after.type);
    }
    if (!before.pattern.empty() && !after.pattern.empty() && before.pattern != after.pattern) {
      Add(DriftKind::kFormat, after.name, before.pattern, after.pattern);
    }
    if (!before.nulls && after.nulls && !before.type.empty()) {
      Add(DriftKind::kNullability, after.name, "no nulls", "nulls");
    }
    if (before.values.empty()) return;
    for (const std::string& value : after.values) {
      if (std::binary_search(before.values.begin(), before.values.end(), value)) continue;
      Add(DriftKind::kNewEnumValue, after.name, "", value);
    }
  }

  std::vector<Drift> found_;
};

template <typename Enum, size_t n>
std::optional<Enum> ByName(const std::array<std::string_view, n>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

std::string Named(const std::string& text) { return text.empty() ? "none" : text; }

}  // namespace

std::string_view DriftKindName(DriftKind kind) { return kKindNames[static_cast<size_t>(kind)]; }
std::optional<DriftKind> DriftKindOf(std::string_view name) {
  return ByName<DriftKind>(kKindNames, name);
}
std::string_view DriftActionName(DriftAction action) {
  return kActionNames[static_cast<size_t>(action)];
}
std::optional<DriftAction> DriftActionOf(std::string_view name) {
  return ByName<DriftAction>(kActionNames, name);
}

DriftPolicy::DriftPolicy() {
  actions.fill(DriftAction::kWarn);
  actions[static_cast<size_t>(DriftKind::kNewEnumValue)] = DriftAction::kAllow;
  actions[static_cast<size_t>(DriftKind::kTypeNarrowed)] = DriftAction::kAllow;
}

std::vector<Drift> CompareShapes(const Shape& before, const Shape& after) {
  return Comparison().Run(before, after);
}

std::string DriftText(const Drift& drift) {
  const std::string column = "column `" + drift.column + "` ";
  switch (drift.kind) {
    case DriftKind::kColumnAdded:
      return column + "is new";
    case DriftKind::kColumnRemoved:
      return column + "is gone";
    case DriftKind::kTypeWidened:
      return column + "widened from " + drift.before + " to " + drift.after;
    case DriftKind::kTypeNarrowed:
      return column + "narrowed from " + drift.before + " to " + drift.after;
    case DriftKind::kTypeConflict:
      return column + "was " + drift.before + " and is " + drift.after;
    case DriftKind::kNullability:
      return column + "had " + drift.before + " and has " + drift.after;
    case DriftKind::kFormat:
      return column + "was written like " + drift.before + " and is like " + drift.after;
    case DriftKind::kNewEnumValue:
      if (!drift.before.empty()) return column + "had " + drift.before + " and has " + drift.after;
      return column + "has the new value `" + drift.after + "`";
    case DriftKind::kDialect:
      return "the dialect was " + Named(drift.before) + " and is " + Named(drift.after);
    case DriftKind::kEncoding:
      return "the encoding was " + Named(drift.before) + " and is " + Named(drift.after);
  }
  return "";
}

}  // namespace millrace::contract
