// A record as it stands in the file that it was read from: where a trace begins.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "io/record_reader.h"
#include "source/file_source.h"

namespace millrace::pipeline {

struct SourceRecord {
  int64_t byte_offset = -1,
          byte_length = -1;  // in the decompressed file; -1: it has no byte ranges
  std::string bytes;         // at most `bytes_max` of them
  int row_group = -1;        // of Parquet, with the row in it
  int64_t row = -1;
  std::string file_sha256;  // of the file as it is now
};

/// The record with this ordinal, by reading the file up to it and hashing the rest; nothing where
/// the source has no such file or record any more. Thread-safe.
Result<std::optional<SourceRecord>> FindSourceRecord(const source::FileSource& files,
                                                     const io::Projection& projection,
                                                     const std::string& path, int64_t ordinal,
                                                     size_t bytes_max);

}  // namespace millrace::pipeline
