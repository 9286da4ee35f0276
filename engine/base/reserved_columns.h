// The names of the columns that the engine writes itself. Users may not declare columns with the
// prefix; an export can leave them out.
#pragma once

#include <string_view>

namespace millrace {

inline constexpr std::string_view kReservedPrefix = "__fdf__/";
/// Where a row came from: `<source>/<relative path>#<ordinal>`, and `/<instance>.<n>` of each
/// generator that made it from another row.
inline constexpr std::string_view kRowIdColumn = "__fdf__/row_id";
/// struct<instance: struct<measure: type>>: what score operators measured.
inline constexpr std::string_view kScoresColumn = "__fdf__/scores";
/// What evaluators found: a column each, `__fdf__/eval_<id>_<name>`.
inline constexpr std::string_view kEvalPrefix = "__fdf__/eval_";
/// list<utf8>: ids of the instances with `action: tag` that were against the row, of those that
/// changed a value of it, and of those that gave it a value or made it.
inline constexpr std::string_view kTagsColumn = "__fdf__/tags";
inline constexpr std::string_view kRefinedByColumn = "__fdf__/refined_by";
inline constexpr std::string_view kGeneratedByColumn = "__fdf__/generated_by";

inline bool IsReservedColumn(std::string_view name) {
  return name.substr(0, kReservedPrefix.size()) == kReservedPrefix;
}

}  // namespace millrace
