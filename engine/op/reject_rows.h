// The rejects of one batch, as columns. Internal to this room.
// Thread-safety: one thread.
#pragma once

#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "op/chain.h"

namespace millrace::op {

class RejectRows {
 public:
  explicit RejectRows(const Chain& chain) : chain_(chain) {}

  /// Rows of a batch that an instance failed on. `positions`: int64, of all rows of the batch.
  Status AddFailures(size_t instance, const RowFailures& failures, const arrow::RecordBatch& rows,
                     const arrow::Array& positions, InstanceRows* counts);
  /// Some of the rows, for the two below: what no reject of the instance shows of them is null and
  /// was not copied.
  using Select =
      std::function<Result<std::shared_ptr<arrow::RecordBatch>>(const arrow::RecordBatch& rows)>;
  /// `measured`: by the instance, when it is asked with these rows.
  Result<std::shared_ptr<arrow::RecordBatch>> SelectShown(size_t instance,
                                                          const arrow::RecordBatch& rows,
                                                          const Select& select,
                                                          bool measured) const;
  /// Rows that a filter dropped. `reasons` and `positions`: one per row of `dropped`.
  Status AddDropped(size_t instance, const Filter& op, const std::vector<uint8_t>& reasons,
                    const arrow::RecordBatch& dropped, const arrow::Array& positions,
                    std::shared_ptr<arrow::Array> measured, InstanceRows* counts);
  /// Rows that a global filter dropped, each with its threshold. `values`: what was measured of
  /// each, or none.
  Status AddGlobal(size_t instance, const Reason& reason,
                   const std::vector<std::string>& thresholds,
                   const std::vector<std::string>& values, const arrow::RecordBatch& dropped,
                   const arrow::Array& positions, InstanceRows* counts);
  /// All of them by position; null when there are none.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  Status Append(size_t instance, const Reason& reason, int64_t position, std::string_view row_id,
                std::string_view value);
  std::set<std::string> ShownOf(const Instance& instance, bool measured) const;
  Status AddScores(const arrow::RecordBatch& rows);

  const Chain& chain_;
  arrow::Int64Builder position_;
  arrow::BooleanBuilder full_;
  arrow::StringBuilder source_, instance_, rule_, column_, value_, threshold_, message_, row_id_;
  arrow::ArrayVector scores_;
};

}  // namespace millrace::op
