// Rows by their ids in committed files: what a trace is made from.
// Thread-safety: pure functions.
#pragma once

#include <arrow/record_batch.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/data_file.h"
#include "stage/row_access.h"

namespace millrace::pipeline {

struct FoundRow {
  std::shared_ptr<arrow::RecordBatch> row;  // one row, all columns of the file
  std::string file;                         // as the manifest names it
  int64_t index = 0;                        // in the file
};

/// The rows whose id `wanted` says yes to, in order, at most `rows_max`. Reads the ids of all files
/// and whole rows only where one is found. `folder`: of the files' paths, in the workspace.
Result<std::vector<FoundRow>> FindRows(const stage::RowAccess& access, const std::string& folder,
                                       const std::vector<io::DataFile>& files,
                                       const std::function<bool(std::string_view id)>& wanted,
                                       size_t rows_max);

}  // namespace millrace::pipeline
