// A path into the JSON of an API's answer, and what of the answer it means. The subset of JSONPath
// that names places (docs/rest.md): `$`, `.name`, `['name']`, `[0]`, `[*]`.
//
// The answer stays text: a match is a piece of it, so that numbers keep their digits and a record
// is read by the same rules as a line of a JSONL file. The whole answer is checked on the way.
//
// Thread-safety: values; free to copy and share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace millrace::source::rest {

/// What is wrong with a path, and at which of its bytes.
struct JsonQueryFault {
  int offset = 0;
  std::string message;
};

class JsonQuery {
 public:
  struct Step {
    enum class Kind { kMember, kElement, kEach };
    Kind kind = Kind::kMember;
    std::string member;
    int64_t element = 0;
  };

  /// The root.
  JsonQuery() = default;
  /// The member of that name of the whole.
  static JsonQuery OfMember(const std::string& name);
  /// A fault, or none and `*query` holds the path.
  static std::optional<JsonQueryFault> Parse(std::string_view path, JsonQuery* query);

  /// The pieces of `json` that the path means, in order. Of members with one name the first counts.
  /// BadPage when `json` is not one well-formed JSON value (a byte order mark before it is
  /// allowed); what stands inside strings is not looked at.
  Result<std::vector<std::string_view>> Find(std::string_view json) const;
  /// The one piece that the path means; none where there is none or it is null.
  Result<std::optional<std::string_view>> FindOne(std::string_view json) const;

  /// The path up to its first [*]: what must be there for the rest to mean anything.
  JsonQuery Container() const;
  /// The path's first steps.
  JsonQuery Prefix(size_t steps) const;
  bool EndsWithEach() const { return !steps_.empty() && steps_.back().kind == Step::Kind::kEach; }

  const std::string& text() const { return text_; }
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::string text_ = "$";
  std::vector<Step> steps_;
};

/// Of a piece of JSON: a string without quotes and escapes, anything else as it stands. BadPage for
/// a string with a bad escape.
Result<std::string> JsonScalarText(std::string_view piece);

/// The elements of an array, or the piece itself when it is none. REQUIRES: `piece` came from Find.
Result<std::vector<std::string_view>> JsonElements(std::string_view piece);

}  // namespace millrace::source::rest
