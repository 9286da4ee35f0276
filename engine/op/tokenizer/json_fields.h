// An object of a tokenizer.json, read so that nothing in it is passed over: what is not known is
// refused by its name.
//
// Thread-safety: none.
#pragma once

#include <simdjson.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace::op {

class JsonFields {
 public:
  /// `what`: as errors call it, for example "its model". BadValue when the element is no object.
  static Result<JsonFields> Of(simdjson::dom::element element, std::string what);

  const std::string& what() const { return what_; }

  /// Nothing when the key is absent or null.
  std::optional<simdjson::dom::element> Find(std::string_view key);
  /// BadValue when it is absent or null.
  Result<simdjson::dom::element> Get(std::string_view key);

  /// BadValue when there is none and no fallback, or one of another type.
  Result<std::string> Text(std::string_view key,
                           const std::optional<std::string>& fallback = std::nullopt);
  Result<bool> Flag(std::string_view key, std::optional<bool> fallback = std::nullopt);
  Result<int64_t> Integer(std::string_view key);
  /// A text of one code point.
  Result<char32_t> Char(std::string_view key);

  void Ignore(std::string_view key) { known_.insert(std::string(key)); }
  /// BadValue when the object has keys that were neither asked for nor ignored.
  Status Done() const;

  /// BadValue: `what` and a reason.
  Status Refuse(const std::string& why) const;

 private:
  JsonFields(simdjson::dom::object object, std::string what)
      : object_(object), what_(std::move(what)) {}

  simdjson::dom::object object_;
  std::string what_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace millrace::op
