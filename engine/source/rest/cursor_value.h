// The values that an incremental fetch goes by: compared, and made into what the next fetch asks
// for.
//
// Thread-safety: pure functions. Errors: BadPage for a value that is not of its form.
#pragma once

#include <string>

#include "source/rest/rest_source.h"

namespace millrace::source::rest {

/// Whether `value` is greater than `than`; anything is greater than "".
Result<bool> IsGreaterCursor(const std::string& value, const std::string& than, CursorForm form);

/// What is sent after a fetch whose greatest value was `greatest`: that, less the lookback. Of
/// points in time the fraction of a second is cut off, so that nothing falls between.
Result<std::string> NextCursor(const std::string& greatest, const Incremental& incremental);

/// The value as JSON: a number where its form is one, else a string.
Result<std::string> CursorAsJson(const std::string& value, CursorForm form);

}  // namespace millrace::source::rest
