#include "stage/operators/amounts.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>

#include "base/reserved_columns.h"
#include "expr/expression.h"
#include "io/parquet/shard_writer.h"
#include "op/row_layout.h"

namespace millrace::stage {

Result<std::vector<int64_t>> BytesOfRows(const arrow::RecordBatch& stored) {
  std::vector<int64_t> bytes(static_cast<size_t>(stored.num_rows()));
  for (int i = 0; i < stored.num_columns(); ++i) {
    if (!IsReservedColumn(stored.column_name(i))) io::AddRowBytes(*stored.column(i), &bytes);
  }
  return bytes;
}

Result<std::vector<int64_t>> TokensOfRows(const arrow::RecordBatch& stored,
                                          const std::string& tokens) {
  std::vector<int64_t> counts(static_cast<size_t>(stored.num_rows()));
  if (tokens.empty()) return counts;
  ARROW_ASSIGN_OR_RAISE(const auto working,
                        op::ToWorking(stored, op::WorkingSchema(*stored.schema())));
  ARROW_ASSIGN_OR_RAISE(const auto expression, expr::Expression::Parse(tokens));
  ARROW_ASSIGN_OR_RAISE(const expr::Evaluation found, expression.Evaluate(*working));
  ARROW_ASSIGN_OR_RAISE(const auto values, arrow::compute::Cast(*found.values, arrow::int64()));
  const auto& numbers = static_cast<const arrow::Int64Array&>(*values);
  for (int64_t row = 0; row < numbers.length(); ++row) {
    // A row of which nobody can say how many it has has none.
    if (numbers.IsValid(row)) {
      counts[static_cast<size_t>(row)] = std::max<int64_t>(0, numbers.Value(row));
    }
  }
  return counts;
}

Status AddAmounts(const arrow::RecordBatch& stored, const std::vector<uint8_t>& groups,
                  const std::string& tokens, std::vector<Amount>* amounts) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, BytesOfRows(stored));
  ARROW_ASSIGN_OR_RAISE(const auto counts, TokensOfRows(stored, tokens));
  MILLRACE_CHECK(groups.size() == bytes.size());
  for (size_t row = 0; row < groups.size(); ++row) {
    (*amounts)[groups[row]].Add({1, bytes[row], counts[row]});
  }
  return Status::OK();
}

}  // namespace millrace::stage
