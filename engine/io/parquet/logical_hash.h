// The hash of rows as values: the same for the same names, types and values in the same order,
// whatever file format, encoding, writer version, chunking or memory layout holds them.
// The definition is spec/logical_hash.md; a change of it changes its version there.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::io {

/// Thread-safety: different columns may be updated from different threads; one column's batches
/// come in row order.
class LogicalHasher {
 public:
  explicit LogicalHasher(const arrow::Schema& schema);
  ~LogicalHasher();

  /// The next rows of column `index`. Fails for types that have no definition.
  Status UpdateColumn(int index, const arrow::Array& values);
  Status Update(const arrow::RecordBatch& batch);

  /// To be called once, when every column has seen the same number of rows.
  std::string FinishHex();

  /// One column's state; defined in the source.
  class Node;

 private:
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<Node>> columns_;
};

/// A type as the hash names it: what holds the same values has the same name ("string" for
/// large_string, views and dictionaries of strings).
Result<std::string> CanonicalTypeName(const arrow::DataType& type);

}  // namespace millrace::io
