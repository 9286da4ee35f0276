// What suggests that a column holds data about persons, or secrets: its name, and how its values
// look. A guess for proposals, made to err on the side of `sensitive: true`; it decides nothing in
// a run.
//
// Thread-safety: pure function; SensitiveValues belongs to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::contract {

/// What a name says, for people ("an e-mail address"); "" when it says nothing of the kind. Words
/// are told in snake_case, camelCase and paths, in English and German.
std::string SensitiveByName(std::string_view column);

/// Counts values that look like e-mail addresses, telephone numbers, account and card numbers,
/// keys. It keeps no value.
class SensitiveValues {
 public:
  void Add(std::string_view value);
  /// What most values are, for people; "" where fewer than half of them look like it.
  std::string Kind() const;
  /// Some value looks like it, or holds such a thing: none should be shown.
  bool any() const { return any_; }

 private:
  int64_t values_ = 0, mails_ = 0, phones_ = 0, accounts_ = 0, cards_ = 0, keys_ = 0, ips_ = 0;
  bool any_ = false;
};

}  // namespace millrace::contract
