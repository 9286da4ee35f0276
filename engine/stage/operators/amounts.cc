#include "stage/operators/amounts.h"

#include <arrow/array.h>
#include <arrow/array/array_nested.h>
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

namespace {

bool IsImage(const arrow::DataType& type) {
  if (type.id() == arrow::Type::BINARY) return true;
  if (type.id() != arrow::Type::STRUCT) return false;
  const auto bytes = static_cast<const arrow::StructType&>(type).GetFieldByName("bytes");
  return bytes != nullptr && bytes->type()->id() == arrow::Type::BINARY;
}

// Those without bytes are none.
bool HasImage(const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return false;
  if (values.type_id() != arrow::Type::STRUCT) return true;
  return static_cast<const arrow::StructArray&>(values).GetFieldByName("bytes")->IsValid(row);
}

}  // namespace

bool HoldsImages(const arrow::DataType& type) {
  if (type.id() != arrow::Type::LIST) return IsImage(type);
  return IsImage(*static_cast<const arrow::ListType&>(type).value_type());
}

Result<std::vector<int64_t>> ImagesOfRows(const arrow::RecordBatch& stored,
                                          const std::string& images) {
  const auto column = stored.GetColumnByName(images);
  if (column == nullptr || !HoldsImages(*column->type())) return TokensOfRows(stored, images);
  std::vector<int64_t> counts(static_cast<size_t>(stored.num_rows()));
  for (int64_t row = 0; row < stored.num_rows(); ++row) {
    int64_t& count = counts[static_cast<size_t>(row)];
    if (column->type_id() != arrow::Type::LIST) {
      count = HasImage(*column, row) ? 1 : 0;
      continue;
    }
    const auto& lists = static_cast<const arrow::ListArray&>(*column);
    if (lists.IsNull(row)) continue;
    for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
      count += HasImage(*lists.values(), i) ? 1 : 0;
    }
  }
  return counts;
}

Status AddAmounts(const arrow::RecordBatch& stored, const std::vector<uint8_t>& groups,
                  const Counters& counters, std::vector<Amount>* amounts) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, BytesOfRows(stored));
  ARROW_ASSIGN_OR_RAISE(const auto tokens, TokensOfRows(stored, counters.tokens));
  ARROW_ASSIGN_OR_RAISE(const auto images, ImagesOfRows(stored, counters.images));
  MILLRACE_CHECK(groups.size() == bytes.size());
  for (size_t row = 0; row < groups.size(); ++row) {
    (*amounts)[groups[row]].Add({1, bytes[row], tokens[row], images[row]});
  }
  return Status::OK();
}

}  // namespace millrace::stage
