// Paths into a JSON record, as a config writes them: `id`, `doc.id`, `tags[0]`, `doc["a.b"][2].c`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace millrace::io {

/// One step: into a member of an object, or into an element of an array.
struct JsonPathStep {
  std::string member;
  int64_t index = -1;  // >= 0: the step is an element
  bool is_index() const { return index >= 0; }
};

/// A plain name runs up to '.', '[' or the end. Other names are quoted: ["..."], where a backslash
/// comes before a quote or a backslash. BadValue names the character that is wrong.
Result<std::vector<JsonPathStep>> ParseJsonPath(std::string_view path);

/// The path that means this top-level member, quoted where it has to be.
std::string JsonPathOf(std::string_view member);

}  // namespace millrace::io
