// What a source looks like before it is read: files, dialect, a sampled schema, and how many rows
// there may be. For `plan`.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "contract/contract.h"
#include "io/byte_stream.h"
#include "pipeline/input_files.h"

namespace millrace::pipeline {

struct SourceSurvey {
  int64_t files = 0, bytes = 0;
  std::string sampled_file;  // the first that is not empty
  io::Compression compression = io::Compression::kNone;
  std::optional<io::SniffedCsv> dialect;  // of a CSV source's sampled file
  io::FormatFindings findings;            // of a format that tells its layout from the file
  std::shared_ptr<arrow::Schema> schema;  // of the sampled file
  contract::Contract inferred;            // from the sample: the types that the values show
  int64_t rows_estimate = 0;
  bool rows_exact = false;          // Parquet says it, and small files were read to their end
  int64_t text_bytes_estimate = 0;  // decompressed; of Parquet: as stored
};

/// Reads a bounded part of at most four files (Parquet: the footers of at most 1,000).
Result<SourceSurvey> SurveySource(const source::FileSource& source);

}  // namespace millrace::pipeline
