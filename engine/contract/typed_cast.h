// Typed columns (Parquet, expressions) to the declared type, where no value can change.
#pragma once

#include <arrow/array.h>

#include <memory>

#include "base/status.h"

namespace millrace::contract {

/// `values` as `type` without going through text: equal types share their buffers, wider ones are
/// cast. Null when the types are neither, or a value does not fit: then text decides, row by row.
Result<std::shared_ptr<arrow::Array>> WidenTo(const std::shared_ptr<arrow::Array>& values,
                                              const std::shared_ptr<arrow::DataType>& type);

}  // namespace millrace::contract
