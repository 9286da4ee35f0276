// How many rows to read at once, where rows may be short or long.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"

namespace parquet {
class FileMetaData;
}

namespace millrace::io {

/// Rows that decode to about `bytes_max`, by what the row groups [first, end) state of the columns
/// `leaves`: at least 1, at most `rows_max`. Values that a dictionary holds once count as the file
/// has them. Invalid where the metadata cannot be read.
Result<int64_t> RowsWithin(const parquet::FileMetaData& metadata, const std::vector<int>& leaves,
                           int first, int end, int64_t bytes_max, int64_t rows_max);

}  // namespace millrace::io
