// Parquet in: row groups as chunks of rows, only the requested columns are read.
//
// Decoding is serial and streaming, so that a row group of any size takes bounded memory; work on
// the rows is parallel, and ranges of row groups can be read as splits of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "io/record_reader.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace millrace::io {

struct ParquetReadOptions {
  int64_t rows_per_chunk = 65536;  // a row group is handed out in pieces of this many rows
  int row_group_begin = 0;         // the range to read
  int row_group_end = -1;          // -1: to the last
};

/// Requests name a column, or a member of a struct column by a dotted path. A column that the file
/// lacks is MissingColumn; a file that is no Parquet or is damaged is CorruptFile. Types are
/// normalised: dictionaries are decoded, large and view types become their plain twins, fixed-size
/// binary becomes binary, float16 float32, maps lists of structs.
Result<std::unique_ptr<RecordReader>> OpenParquet(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                  const ParquetReadOptions& options,
                                                  const Projection& projection);

struct RowGroupInfo {
  int64_t rows = 0;
  int64_t bytes = 0;  // compressed
};
/// The row groups of a file, for planning splits.
Result<std::vector<RowGroupInfo>> ListRowGroups(std::shared_ptr<arrow::io::RandomAccessFile> file);

}  // namespace millrace::io
