// The names of the columns that the engine writes itself. Users may not declare columns with the
// prefix; an export can leave them out.
#pragma once

#include <string_view>

namespace millrace {

inline constexpr std::string_view kReservedPrefix = "__fdf__/";
/// Where a row came from: `<source>/<relative path>#<ordinal>`.
inline constexpr std::string_view kRowIdColumn = "__fdf__/row_id";

inline bool IsReservedColumn(std::string_view name) {
  return name.substr(0, kReservedPrefix.size()) == kReservedPrefix;
}

}  // namespace millrace
