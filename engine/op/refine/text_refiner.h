// A refiner that rewrites the texts of one column, each by itself. Columns in which nothing changes
// keep their arrays.
#pragma once

#include <string>
#include <string_view>

#include "op/operator.h"

namespace millrace::op {

/// A longer text is not made: its row fails with `text.too_long`.
inline constexpr size_t kRewrittenBytesMax = 16 << 20;

/// The failure of a row whose text would be longer than kRewrittenBytesMax.
RowFailure TooLong(int64_t row);

class TextRefiner : public Refiner {
 public:
  Result<Refined> Refine(const arrow::RecordBatch& rows, RowFailures* failures) const final;

 protected:
  /// `columns`: those that reach it. REQUIRES: the column is utf8.
  TextRefiner(const std::shared_ptr<arrow::Schema>& columns, int column);

  /// Whether nothing in the texts, which are one behind the other in `bytes`, can change.
  virtual bool AllStay(std::string_view bytes) const;
  /// Appends what becomes of a text; false, and nothing appended, when it stays as it is. It may
  /// stop once it has appended more than kRewrittenBytesMax.
  virtual bool Rewrite(std::string_view text, std::string* out) const = 0;

 private:
  int column_;
};

}  // namespace millrace::op
