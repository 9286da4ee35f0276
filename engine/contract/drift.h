// How data changed its shape: between the files of a source, and against an earlier run. Value
// types and the comparison; the codec is drift_json.h.
//
// Thread-safety: value types; the functions are pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::contract {

enum class DriftKind {
  kColumnAdded,
  kColumnRemoved,
  kTypeWidened,   // the new type holds every value of the old one
  kTypeNarrowed,  // the other way round
  kTypeConflict,  // neither
  kNullability,   // a column that had no nulls has some
  kFormat,        // values are written by another pattern, for example dates
  kNewEnumValue,  // a column of few values has another one
  kDialect,
  kEncoding,
};
inline constexpr size_t kDriftKinds = 10;

/// "column_added", as in configs and reports.
std::string_view DriftKindName(DriftKind kind);
std::optional<DriftKind> DriftKindOf(std::string_view name);

enum class DriftAction { kAllow, kWarn, kFail };
std::string_view DriftActionName(DriftAction action);
std::optional<DriftAction> DriftActionOf(std::string_view name);

/// What becomes of each kind of drift: everything is warned of, but for what
/// harms nobody or that most columns have: narrower types and new values.
struct DriftPolicy {
  std::array<DriftAction, kDriftKinds> actions;
  DriftPolicy();
  DriftAction Of(DriftKind kind) const { return actions[static_cast<size_t>(kind)]; }
};

/// What a column of a file or of a source looks like.
struct ColumnShape {
  std::string name;
  std::string type;     // as a contract declares it; "" where no value was seen
  std::string pattern;  // how all its values are written, digits as 9; "" where they differ
  bool nulls = false;
  std::vector<std::string> values;  // sorted, if there are few and they may be shown
};

struct Shape {
  std::string encoding, dialect;  // "" where a format has none
  std::vector<ColumnShape> columns;
};

struct Drift {
  DriftKind kind = DriftKind::kColumnAdded;
  DriftAction action = DriftAction::kWarn;
  std::string source;
  std::string file;     // whose shape differs; "": the source as a whole
  std::string against;  // the file it was compared with; "": the last run
  std::string column;   // "" for dialect and encoding
  std::string before, after;
  bool operator==(const Drift&) const = default;
};

/// One finding per difference, columns in the order of `after`, what is gone behind them. Only
/// kind, column, before and after are set.
std::vector<Drift> CompareShapes(const Shape& before, const Shape& after);

/// One sentence for people, without source and file.
std::string DriftText(const Drift& drift);

}  // namespace millrace::contract
