#include "io/jsonl/text_columns.h"

#include <arrow/array.h>
#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace millrace::io {
namespace {

constexpr size_t kSmall = 16;  // copied whole; source and target both have that much to spare

/// Makes room for `needed` bytes in all, for the whole chunk if the estimate is right.
Status MakeRoom(std::shared_ptr<arrow::ResizableBuffer>* buffer, int64_t needed,
                double share_done) {
  if (*buffer && needed <= (*buffer)->size()) return Status::OK();
  const auto estimate = static_cast<int64_t>(static_cast<double>(needed) / share_done * 1.05) + 64;
  const int64_t twice = *buffer ? 2 * (*buffer)->size() : 0;
  const int64_t size = std::max(needed, std::max(estimate, std::min(twice, 2 * needed)));
  if (!*buffer) {
    ARROW_ASSIGN_OR_RAISE(*buffer, arrow::AllocateResizableBuffer(size));
    return Status::OK();
  }
  return (*buffer)->Resize(size, /*shrink_to_fit=*/false);
}

}  // namespace

Status TextColumns::Append(const std::vector<JsonCell>& cells, int64_t rows, double share_done) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    ARROW_RETURN_NOT_OK(Append(&columns_[i], cells.data() + i, columns_.size(), rows, share_done));
  }
  rows_ += rows;
  return Status::OK();
}

Status TextColumns::Append(Column* column, const JsonCell* cells, size_t stride, int64_t rows,
                           double share_done) {
  int64_t bytes = column->data_bytes;
  int64_t nulls = 0;
  for (int64_t row = 0; row < rows; ++row) {
    const JsonCell& cell = cells[static_cast<size_t>(row) * stride];
    bytes += cell.bytes;
    nulls += cell.data == nullptr;
  }
  if (bytes > std::numeric_limits<int32_t>::max()) {
    return Status::CapacityError("a chunk has more than 2 GiB of text in one column");
  }
  ARROW_RETURN_NOT_OK(MakeRoom(&column->data, bytes + static_cast<int64_t>(kSmall), share_done));
  ARROW_RETURN_NOT_OK(MakeRoom(&column->offsets, (rows_ + rows + 1) * 4, share_done));
  ARROW_RETURN_NOT_OK(MakeRoom(&column->validity, (rows_ + rows + 7) / 8 + 8, share_done));

  uint8_t* const data = column->data->mutable_data();
  auto* const offsets = reinterpret_cast<int32_t*>(column->offsets->mutable_data());
  uint8_t* const validity = column->validity->mutable_data();
  arrow::bit_util::SetBitsTo(validity, rows_, rows, true);
  column->nulls += nulls;
  int64_t end = column->data_bytes;
  for (int64_t row = 0; row < rows; ++row) {
    const JsonCell& cell = cells[static_cast<size_t>(row) * stride];
    offsets[rows_ + row] = static_cast<int32_t>(end);
    if (cell.data == nullptr) {
      arrow::bit_util::ClearBit(validity, rows_ + row);
    } else if (cell.bytes <= kSmall) {
      std::memcpy(data + end, cell.data, kSmall);
    } else {
      std::memcpy(data + end, cell.data, cell.bytes);
    }
    end += cell.bytes;
  }
  offsets[rows_ + rows] = static_cast<int32_t>(end);
  column->data_bytes = end;
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> TextColumns::Finish(
    const std::shared_ptr<arrow::Schema>& schema) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (Column& column : columns_) {
    if (rows_ == 0) {
      ARROW_ASSIGN_OR_RAISE(auto empty, arrow::MakeEmptyArray(arrow::utf8()));
      arrays.push_back(std::move(empty));
      continue;
    }
    ARROW_RETURN_NOT_OK(column.data->Resize(column.data_bytes, false));
    ARROW_RETURN_NOT_OK(column.offsets->Resize((rows_ + 1) * 4, false));
    ARROW_RETURN_NOT_OK(column.validity->Resize((rows_ + 7) / 8, false));
    column.data->ZeroPadding();
    column.offsets->ZeroPadding();
    column.validity->ZeroPadding();
    auto validity = column.nulls > 0 ? column.validity : nullptr;
    arrays.push_back(arrow::MakeArray(arrow::ArrayData::Make(
        arrow::utf8(), rows_, {validity, column.offsets, column.data}, column.nulls)));
  }
  return arrow::RecordBatch::Make(schema, rows_, std::move(arrays));
}

}  // namespace millrace::io
