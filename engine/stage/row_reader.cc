#include "stage/row_reader.h"

#include <arrow/compute/cast.h>

#include <algorithm>

#include "io/parquet/shard_writer.h"

namespace millrace::stage {
namespace {

constexpr int64_t kPieceRows = 8192;
constexpr int64_t kPieceBytes = 4 << 20;

}  // namespace

Result<std::shared_ptr<arrow::Array>> AsDeclared(std::shared_ptr<arrow::Array> column,
                                                 const std::shared_ptr<arrow::DataType>& type) {
  if (column->type()->Equals(*type)) return column;
  return arrow::compute::Cast(*column, type);
}

std::shared_ptr<arrow::RecordBatch> PieceOf(const arrow::RecordBatch& batch, int64_t row) {
  const auto rest = batch.Slice(row);
  const int64_t row_bytes = io::LogicalBytes(*rest) / rest->num_rows() + 1;
  return rest->Slice(0, std::clamp<int64_t>(kPieceBytes / row_bytes, 1, kPieceRows));
}

}  // namespace millrace::stage
