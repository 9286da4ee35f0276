#include "io/parquet/rows_within.h"

#include <parquet/metadata.h>

#include <algorithm>
#include <exception>

namespace millrace::io {
namespace {

constexpr int64_t kColumnBytesMax = int64_t{1} << 40;  // a damaged file states anything

}  // namespace

Result<int64_t> RowsWithin(const parquet::FileMetaData& metadata, const std::vector<int>& leaves,
                           int first, int end, int64_t bytes_max, int64_t rows_max) {
  int64_t widest = 0;  // bytes of a row
  try {
    for (int i = first; i < end; ++i) {
      const auto group = metadata.RowGroup(i);
      int64_t bytes = 0;
      for (const int leaf : leaves) {
        bytes += std::clamp<int64_t>(group->ColumnChunk(leaf)->total_uncompressed_size(), 0,
                                     kColumnBytesMax);
      }
      widest = std::max(widest, bytes / std::max<int64_t>(group->num_rows(), 1));
    }
  } catch (const std::exception& e) {
    return Status::Invalid(e.what());
  }
  return std::clamp<int64_t>(bytes_max / (widest + 1), 1, std::max<int64_t>(rows_max, 1));
}

}  // namespace millrace::io
