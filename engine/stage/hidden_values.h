// Values that nobody sees, because what they are part of is null. A file does not hold them, memory
// may: an operator that counts bytes would tell the two apart.
// Thread-safety: pure functions.
#pragma once

#include <arrow/array.h>

#include <memory>

#include "base/status.h"

namespace millrace::stage {

/// Whether there may be some: nested values with nulls among them.
bool MayHideValues(const arrow::ArrayData& data);

/// Whether there are some, at any depth: bytes that are not zero under a null. Of nested types but
/// structs and lists any null says so.
bool HidesValues(const arrow::Array& values);

/// The same values as a file gives them back. Of structs, lists, and what they are made of; other
/// nested types stay as they are.
Result<std::shared_ptr<arrow::Array>> WithoutHiddenValues(
    const std::shared_ptr<arrow::Array>& values);

}  // namespace millrace::stage
