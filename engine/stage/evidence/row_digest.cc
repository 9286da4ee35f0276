#include "stage/evidence/row_digest.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace millrace::stage {

// Of every row: one digest over those of its values. A null leaves zeros and a byte that says so.
Result<std::vector<KeyDigest>> DigestRows(const arrow::RecordBatch& rows,
                                          const std::vector<std::string>& columns) {
  constexpr size_t kCellBytes = sizeof(KeyDigest) + 1;
  const auto count = static_cast<size_t>(rows.num_rows());
  const size_t row_bytes = kCellBytes * columns.size();
  // Column by column into at most a few megabytes: 2,000 columns of 8,192 rows would be 270.
  std::vector<KeyDigest> digests(count);
  const size_t rows_at_once = std::max<size_t>(1, (size_t{4} << 20) / row_bytes);
  for (size_t begin = 0; begin < count; begin += rows_at_once) {
    const size_t part = std::min(rows_at_once, count - begin);
    std::vector<char> cells(part * row_bytes, 0);
    for (size_t c = 0; c < columns.size(); ++c) {
      const auto values = rows.GetColumnByName(columns[c])
                              ->Slice(static_cast<int64_t>(begin), static_cast<int64_t>(part));
      ARROW_ASSIGN_OR_RAISE(const std::vector<KeyOfRow> keys, DigestKeys(*values));
      for (const KeyOfRow& key : keys) {
        char* cell = &cells[static_cast<size_t>(key.row) * row_bytes + c * kCellBytes];
        cell[0] = 1;
        std::memcpy(cell + 1, &key.digest, sizeof key.digest);
      }
    }
    for (size_t row = 0; row < part; ++row) {
      const XXH128_hash_t hash = XXH3_128bits(&cells[row * row_bytes], row_bytes);
      digests[begin + row] = {hash.high64, hash.low64};
    }
  }
  return digests;
}

}  // namespace millrace::stage
