// The values of a key as bytes: equal exactly where key_digest.h means them to be, whatever their
// digests say.
#pragma once

#include <arrow/array.h>

#include <string>

#include "base/status.h"

namespace millrace::stage {

/// Appends the values of a row of several columns. NaNs are equal to each other, and so are 0.0 and
/// -0.0; null is equal to null alone.
Status AppendKeyValues(const arrow::ArrayVector& columns, int64_t row, std::string* out);

}  // namespace millrace::stage
