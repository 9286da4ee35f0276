// 128-bit digests of values, to find equal ones across files without keeping them. Equal values of
// one column's type have equal digests on every machine; that different ones collide is as likely
// as a disk that lies (2^-128 per pair).
#pragma once

#include <arrow/array.h>

#include <compare>
#include <cstdint>
#include <vector>

#include "base/status.h"

namespace millrace::stage {

struct KeyDigest {
  uint64_t high = 0, low = 0;
  auto operator<=>(const KeyDigest&) const = default;
};

struct KeyOfRow {
  KeyDigest digest;
  int64_t row = 0;
};

/// One entry per row of several columns of the same length, in row order: equal where all values
/// are. A row with a null among them has none, or with `nulls_equal` one that tells nulls apart
/// from values only.
Result<std::vector<KeyOfRow>> DigestRows(const arrow::ArrayVector& columns, bool nulls_equal);

/// One entry per non-null value, in row order. NaNs are equal to each other, and so are 0.0 and
/// -0.0.
Result<std::vector<KeyOfRow>> DigestKeys(const arrow::Array& values);

}  // namespace millrace::stage
