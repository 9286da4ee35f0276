// Writing a value into a JSON text, which otherwise stays as it stands, digit by digit: how a
// parameter of paging gets into the body of a request.
//
// Thread-safety: functions of their arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "source/rest/json_query.h"

namespace millrace::source::rest {

/// `text` as a JSON string. BadValue when it is no UTF-8.
Result<std::string> JsonQuoted(const std::string& text);
/// `text` as it stands between the quotes of a JSON string; bytes that are no UTF-8 stay.
std::string JsonEscaped(const std::string& text);

/// Where a config puts a value: a path that begins with $, or the name of a member of the whole. It
/// means one place. A fault, or none and `*place` holds the path.
std::optional<JsonQueryFault> ParseJsonPlace(const std::string& text, JsonQuery* place);

/// `json` with `value`, a JSON text, at `place`: instead of what is there, or as a new member in
/// new objects as far as none are there. BadValue when `json` is not one JSON value, or where
/// something on the way is no object and a new element of an array would be needed.
Result<std::string> WithValueAt(std::string_view json, const JsonQuery& place,
                                std::string_view value);

}  // namespace millrace::source::rest
