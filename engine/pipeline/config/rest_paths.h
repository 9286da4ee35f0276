// What the fields of a rest source have in common: paths into JSON, spans of time, and problems
// that point into a text.
#pragma once

#include <optional>
#include <string>

#include "base/config_value.h"
#include "pipeline/config/problems.h"
#include "source/rest/json_query.h"

namespace millrace::pipeline {

/// "30s", "5m", "12h", "7d" in seconds; 0 when it is none.
int64_t ParseSpan(const std::string& text);

/// Reads paths and collects what is wrong with them.
class RestPaths {
 public:
  explicit RestPaths(ConfigProblems* problems) : problems_(problems) {}

  void Bad(const ConfigValue& at, std::string message, std::string suggestion = "");
  /// A problem at `length` bytes of a text's value.
  void BadInside(const ConfigValue& at, size_t offset, size_t length, std::string message,
                 std::string suggestion = "");
  /// The path in the field `key`; none where it is absent or wrong.
  std::optional<source::rest::JsonQuery> Query(const ConfigValue& in, const char* key);
  /// Likewise; it must mean one value.
  std::optional<source::rest::JsonQuery> SingleQuery(const ConfigValue& in, const char* key);
  bool ParseQuery(const ConfigValue& text, const char* key, source::rest::JsonQuery* query);

 private:
  ConfigProblems* problems_;
};

}  // namespace millrace::pipeline
