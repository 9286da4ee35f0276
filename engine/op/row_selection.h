// Some rows of a batch, as a batch of their own. The values are those that arrow::compute gives;
// texts are copied once, into memory of their size, where that grows a buffer as it goes.
// Thread-safety: pure functions.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <memory>

#include "base/status.h"

namespace millrace::op {

/// The rows where `keep` is true, in their order. REQUIRES: a value for each row, and no nulls.
Result<std::shared_ptr<arrow::RecordBatch>> KeepRows(const arrow::RecordBatch& rows,
                                                     const arrow::BooleanArray& keep);

/// The rows at the indices, in the order of these. REQUIRES: they are rows of the batch, not null.
Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(const arrow::RecordBatch& rows,
                                                     const arrow::Int64Array& indices);

}  // namespace millrace::op
