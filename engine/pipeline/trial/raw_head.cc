#include "pipeline/trial/raw_head.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

namespace millrace::pipeline {

Result<io::RawBatch> FirstRecords(io::RawBatch batch, int64_t records) {
  if (batch.records <= records) return batch;
  int64_t rows = std::min(records, batch.columns == nullptr ? 0 : batch.columns->num_rows());
  if (!batch.record_of_row.empty()) {
    const auto end = std::lower_bound(batch.record_of_row.begin(), batch.record_of_row.end(),
                                      static_cast<uint32_t>(records));
    rows = end - batch.record_of_row.begin();
    batch.record_of_row.erase(end, batch.record_of_row.end());
  }
  if (batch.columns != nullptr) {
    // Copied, for a slice keeps the whole chunk and an offset into it.
    arrow::ArrayVector columns;
    for (const auto& column : batch.columns->columns()) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), arrow::Concatenate({column->Slice(0, rows)}));
    }
    batch.columns = arrow::RecordBatch::Make(batch.columns->schema(), rows, std::move(columns));
  }
  if (batch.extents.size() > static_cast<size_t>(rows)) {
    batch.extents.resize(static_cast<size_t>(rows));
  }
  const auto behind = [&](const auto& list, const auto& is_behind) {
    return std::find_if(list.begin(), list.end(), is_behind);
  };
  batch.cell_errors.erase(
      behind(batch.cell_errors, [&](const io::CellError& e) { return e.row >= rows; }),
      batch.cell_errors.end());
  batch.rejects.erase(behind(batch.rejects, [&](const Reject& r) { return r.record >= records; }),
                      batch.rejects.end());
  batch.records = records;
  return batch;
}

Result<bool> RawHead::Next() {
  while (left_ > 0) {
    ARROW_ASSIGN_OR_RAISE(chunk_, reader_.Next());
    if (chunk_ == nullptr) return false;
    ARROW_ASSIGN_OR_RAISE(io::RawBatch batch, reader_.Parse(*chunk_));
    if (batch.records == 0) continue;
    ARROW_ASSIGN_OR_RAISE(batch_, FirstRecords(std::move(batch), left_));
    left_ -= batch_.records;
    return true;
  }
  return false;
}

}  // namespace millrace::pipeline
