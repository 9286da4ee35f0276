// One Arrow utf8 column from the fields of a chunk.
#pragma once

#include <arrow/array.h>

#include <memory>

#include "io/csv/csv_reader.h"
#include "io/csv/field_index.h"

namespace millrace::io::csv {

/// Unquoted empty and missing fields are null; quotes are removed and escapes resolved.
/// REQUIRES: kPadding readable bytes behind the chunk's bytes.
Result<std::shared_ptr<arrow::Array>> BuildColumn(const Chunk& chunk, const FieldIndex& index,
                                                  size_t column, const CsvDialect& dialect);

}  // namespace millrace::io::csv
