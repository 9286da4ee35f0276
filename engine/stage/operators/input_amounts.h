// What the rows of an input have of bytes, tokens or images, from committed summaries: where in it
// so many of them lie. A row counts one unit at least. Thread-safety: one thread.
#pragma once

#include <memory>
#include <vector>

#include "stage/operators/operator_run.h"

namespace millrace::stage {

class InputAmounts {
 public:
  virtual ~InputAmounts() = default;
  /// The first rows of it that have no more bytes together.
  virtual Result<int64_t> RowsWithin(int64_t bytes) = 0;
  /// What its first rows have, in the unit of the mixture.
  virtual Result<int64_t> UnitsOf(int64_t rows) = 0;
  /// How many rows begin before so many units. Quick when asked for with units that ascend.
  virtual Result<int64_t> RowsBefore(int64_t units) = 0;
};

/// What a split of an input has, as a unit without a call. All that it takes must outlive it.
UnitOfWork MeasureUnit(const OperatorRun& run, const Mixture& mixture, const OperatorSplit& split,
                       const std::atomic<bool>& stop);

/// One per input; null for those that need not be measured.
Result<std::vector<std::unique_ptr<InputAmounts>>> MeasureInputs(const OperatorRun& run,
                                                                 const Mixture& mixture);

}  // namespace millrace::stage
