// How much rows weigh that are copied for their children.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>

namespace millrace::op {

/// What the children of one row may copy of its other columns; a row of more is rejected.
inline constexpr int64_t kChildrenBytesMax = 256 << 20;

/// About what a copy of the row takes without the column: texts and what lists hold as they are,
/// 8 bytes for any other value.
int64_t BytesBeside(const arrow::RecordBatch& rows, int column, int64_t row);

}  // namespace millrace::op
