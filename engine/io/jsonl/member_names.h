// The top-level members of sample records, for reading a file nobody has described.
#pragma once

#include <arrow/buffer.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "io/record_reader.h"

namespace millrace::io {

class MemberNames {
 public:
  /// The search for a first row is given up this far behind the sample.
  static constexpr int64_t kFirstRowBytesMax = 64 << 20;

  /// Adds the members of the batch's rows; `chunk` is what the batch was parsed from. Rows that
  /// end behind `byte_offset_max` (file-absolute) are left out, except the very first.
  void Add(const RawBatch& batch, const Chunk& chunk, int64_t byte_offset_max);
  /// In the order of their first appearance.
  const std::vector<std::string>& names() const { return names_; }

 private:
  bool any_row_ = false;
  std::vector<std::string> names_;
  std::unordered_set<std::string> known_;
};

}  // namespace millrace::io
