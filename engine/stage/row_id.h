// Row ids as a column: "<source>/<path>#<ordinal>", built without a string per row.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::stage {

/// `prefix` is everything before the number. Row i is record `first_ordinal + record_of_row[i]`;
/// record_of_row ascends.
Result<std::shared_ptr<arrow::Array>> RowIds(const std::string& prefix, int64_t first_ordinal,
                                             const std::vector<uint32_t>& record_of_row);

}  // namespace millrace::stage
