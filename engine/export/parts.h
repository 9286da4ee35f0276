// Writing the files of a release: each function writes all parts below a folder of the target and
// describes them, paths relative to that folder.
#pragma once

#include <vector>

#include "base/status.h"
#include "export/columns.h"
#include "export/export.h"

namespace millrace::exporting {

struct PartTarget {
  std::shared_ptr<io::Store> store;
  std::string folder;  // ends in '/'
  TaskPool* pool = nullptr;
};

/// How many rows each part holds: `rows_per_shard` each, or as the input's shards; one empty part
/// for an input without rows.
std::vector<int64_t> RowsOfParts(const ExportInput& input, const ExportOptions& options);
/// "part-00007": sorts in row order.
std::string PartName(size_t index, const std::string& stem = "part");

Result<std::vector<io::DataFile>> WriteParquetParts(const ExportInput& input,
                                                    const ExportOptions& options,
                                                    const ColumnChoice& columns,
                                                    const PartTarget& target);
Result<std::vector<io::DataFile>> WritePartitions(const ExportInput& input,
                                                  const ExportOptions& options,
                                                  const ColumnChoice& columns,
                                                  const PartTarget& target);
/// `non_finite` counts the floats that were written as null.
Result<std::vector<io::DataFile>> WriteJsonlParts(const ExportInput& input,
                                                  const ExportOptions& options,
                                                  const ColumnChoice& columns,
                                                  const PartTarget& target, int64_t* non_finite);
/// Fills files, rejects, reject_file and non_finite_as_null of the release. Files are named after
/// their split: "train-00000.jsonl".
Status WritePromptParts(const ExportInput& input, const ExportOptions& options,
                        const std::shared_ptr<arrow::Schema>& schema, const PartTarget& target,
                        Release* release);

}  // namespace millrace::exporting
