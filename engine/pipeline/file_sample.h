// The first records of a file, for inference, plan and estimates.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "source/file_source.h"

namespace millrace::pipeline {

struct FileSample {
  std::shared_ptr<arrow::Schema> schema;  // of the file
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  int64_t records = 0, rejects = 0;
  int64_t bytes = 0;      // of those records, decompressed; 0 for Parquet
  int64_t raw_bytes = 0;  // of the file, read so far
  bool whole = false;     // the sample is the whole file
  io::ReadAs read_as;
};

/// Reads chunks until about `bytes_max` decompressed bytes (Parquet: one chunk).
Result<FileSample> SampleFile(const source::FileSource& source, const io::FileInfo& file,
                              int64_t bytes_max);

}  // namespace millrace::pipeline
