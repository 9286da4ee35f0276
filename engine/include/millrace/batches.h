// A pipeline over batches that a caller holds: the contract of its source and its stages, as far as
// they look at one row at a time. For other engines, whose rows pass through functions of batches:
// nothing is read from a source, and nothing is stored.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "millrace/pipeline.h"

namespace millrace {

/// The column behind those of the rows: why a row is rejected or dropped; null where it stays.
inline constexpr char kRejectedColumn[] = "rejected";

/// Thread-safety: any thread.
class BatchPipeline {
 public:
  /// `pipeline`: with one source, of type `dataset`, that is bound; its columns count, its rows are
  /// not read. Its stages follow each other. Usage when a stage must know of all rows, orders or
  /// samples them, or makes more of one.
  static Result<std::shared_ptr<const BatchPipeline>> Make(const Pipeline& pipeline);
  virtual ~BatchPipeline() = default;
  /// One row for each of the batch, in its order: what leaves the last stage without the row ids,
  /// all null where the row does not, and kRejectedColumn. REQUIRES: columns as they were bound.
  /// ColumnFailed for a value that `on_error: fail` does not put up with.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Apply(
      const std::shared_ptr<arrow::RecordBatch>& rows) const = 0;
};

}  // namespace millrace
