#include "source/rest/cursor_value.h"

#include <charconv>
#include <optional>

#include "source/rest/json_edit.h"
#include "source/rest/rest_errors.h"
#include "source/rest/time_text.h"

namespace millrace::source::rest {
namespace {

Status Unreadable(const std::string& value, const char* form) {
  return MakeError(kBadPage, "the incremental value `" + value + "` is no " + form,
                   "look at `incremental`: `field` and `form`");
}

Result<int64_t> IntegerOf(const std::string& value) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size()) return number;
  return Unreadable(value, "whole number");
}

TimeForm TimeFormOf(CursorForm form) {
  return form == CursorForm::kDate               ? TimeForm::kDate
         : form == CursorForm::kUnix             ? TimeForm::kUnix
         : form == CursorForm::kUnixMilliseconds ? TimeForm::kUnixMilliseconds
                                                 : TimeForm::kTimestamp;
}

Result<int64_t> SecondsOf(const std::string& value, CursorForm form) {
  const std::optional<int64_t> seconds = ParseTime(value, TimeFormOf(form));
  if (seconds) return *seconds;
  return Unreadable(value, "point in time of that form");
}

}  // namespace

Result<bool> IsGreaterCursor(const std::string& value, const std::string& than, CursorForm form) {
  if (form == CursorForm::kText) return than.empty() || value > than;
  const auto number = [form](const std::string& text) {
    const bool counted = form == CursorForm::kInteger || form == CursorForm::kUnixMilliseconds;
    return counted ? IntegerOf(text) : SecondsOf(text, form);
  };
  ARROW_ASSIGN_OR_RAISE(const int64_t one, number(value));
  if (than.empty()) return true;
  ARROW_ASSIGN_OR_RAISE(const int64_t other, number(than));
  return one > other;
}

Result<std::string> NextCursor(const std::string& greatest, const Incremental& incremental) {
  if (incremental.form == CursorForm::kText) return greatest;
  if (incremental.form == CursorForm::kInteger) {
    ARROW_ASSIGN_OR_RAISE(const int64_t number, IntegerOf(greatest));
    return std::to_string(number - incremental.lookback);
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t seconds, SecondsOf(greatest, incremental.form));
  return FormatTime(seconds - incremental.lookback, TimeFormOf(incremental.form));
}

Result<std::string> CursorAsJson(const std::string& value, CursorForm form) {
  const bool counted = form == CursorForm::kInteger || form == CursorForm::kUnix ||
                       form == CursorForm::kUnixMilliseconds;
  if (!counted) return JsonQuoted(value);
  ARROW_ASSIGN_OR_RAISE(const int64_t number, IntegerOf(value));
  return std::to_string(number);
}

}  // namespace millrace::source::rest
