// One pass over a data file for `inspect`: rows, columns as they profile, samples, and what does
// not fit the types that the first rows show.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "millrace/workspace.h"
#include "source/file_source.h"
#include "stage/manifest.h"

namespace millrace::pipeline {

struct FileProfile {
  int64_t rows = 0;
  bool whole = true;  // false: rows_max ended the pass
  std::vector<stage::ColumnProfile> columns;
  std::map<std::pair<std::string, std::string>, int64_t> rejects;  // (rule, column) -> rows
  /// Rows of (is null, text), one per column; sensitive values are masked.
  std::vector<std::vector<std::pair<bool, std::string>>> samples;
};

Result<FileProfile> ProfileFile(const source::FileSource& source, const io::FileInfo& file,
                                const InspectOptions& options);

}  // namespace millrace::pipeline
