// Arrays that other code has made, taken in and looked at in full: nothing of it is believed.
// What no one can check is that a pointer leads to as many bytes as the array says.
//
// Thread-safety: any thread.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "millrace/plugin.h"

namespace millrace::op {

/// Of any length up to 2^31 - 1.
inline constexpr int64_t kAnyLength = -1;

/// The columns of a struct, in memory of our own: whoever made them can change nothing any more.
/// The array is released in any case. The message of an error begins with "gave".
/// REQUIRES: `type` is a struct.
Result<arrow::ArrayVector> TakeForeign(ArrowArray* array,
                                       const std::shared_ptr<arrow::DataType>& type,
                                       int64_t length);

/// The type as columns of tables have it, with nullable members; an error for one that they cannot
/// have.
Result<std::shared_ptr<arrow::DataType>> AsColumnType(const arrow::DataType& type);

}  // namespace millrace::op
