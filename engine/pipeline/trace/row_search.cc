#include "pipeline/trace/row_search.h"

#include <arrow/api.h>

#include "base/reserved_columns.h"

namespace millrace::pipeline {
namespace {

Result<std::shared_ptr<arrow::RecordBatch>> WholeRow(const stage::RowAccess& access,
                                                     const io::DataFile& file, int64_t index) {
  ARROW_ASSIGN_OR_RAISE(const auto columns, access.ColumnsOf(file));
  ARROW_ASSIGN_OR_RAISE(const auto rows, access.Open(file, columns, index));
  ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
  MILLRACE_CHECK(batch != nullptr);
  return batch->Slice(0, 1);
}

}  // namespace

Result<std::vector<FoundRow>> FindRows(const stage::RowAccess& access, const std::string& folder,
                                       const std::vector<io::DataFile>& files,
                                       const std::function<bool(std::string_view id)>& wanted,
                                       size_t rows_max) {
  std::vector<FoundRow> found;
  for (const io::DataFile& data : files) {
    io::DataFile file = data;
    file.path = folder + '/' + data.path;
    ARROW_ASSIGN_OR_RAISE(const auto rows, access.Open(file, {std::string(kRowIdColumn)}));
    for (int64_t base = 0;;) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
      if (batch == nullptr) break;
      const auto& ids = static_cast<const arrow::StringArray&>(*batch->column(0));
      for (int64_t row = 0; row < ids.length(); ++row) {
        if (found.size() == rows_max) return found;
        if (!wanted(ids.GetView(row))) continue;
        FoundRow& one = found.emplace_back();
        one.file = data.path;
        one.index = base + row;
        ARROW_ASSIGN_OR_RAISE(one.row, WholeRow(access, file, one.index));
      }
      base += batch->num_rows();
    }
  }
  return found;
}

}  // namespace millrace::pipeline
