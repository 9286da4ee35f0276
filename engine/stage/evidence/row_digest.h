// Digests of whole rows, to find rows that are equal in some columns.
#pragma once

#include <arrow/record_batch.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "stage/key_digest.h"

namespace millrace::stage {

/// One per row, over its values in `columns`, which the batch has. Null equals null.
Result<std::vector<KeyDigest>> DigestRows(const arrow::RecordBatch& rows,
                                          const std::vector<std::string>& columns);

}  // namespace millrace::stage
