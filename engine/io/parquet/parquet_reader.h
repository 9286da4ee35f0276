// Parquet in: row groups as chunks, only the requested columns are read.
#pragma once

#include <cstdint>
#include <memory>

#include "io/record_reader.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace millrace::io {

struct ParquetReadOptions {
  int64_t rows_per_chunk = 65536;  // a row group is handed out in pieces of this many rows
};

/// Parse opens its own view of the file: chunks may be parsed in parallel.
/// A requested column that the file lacks is MissingColumn. Dictionaries are decoded.
Result<std::unique_ptr<RecordReader>> OpenParquet(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                  const ParquetReadOptions& options,
                                                  const Projection& projection);

}  // namespace millrace::io
