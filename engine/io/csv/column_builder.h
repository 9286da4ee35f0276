// Arrow utf8 columns from the fields of a chunk.
#pragma once

#include <arrow/array.h>

#include <memory>
#include <vector>

#include "io/csv/csv_reader.h"
#include "io/csv/field_index.h"

namespace millrace::io::csv {

/// One array per entry of `columns`, which are positions in the file. Unquoted empty and missing
/// fields are null; quotes are removed and escapes resolved.
/// REQUIRES: kPadding readable bytes behind the chunk's bytes.
Result<std::vector<std::shared_ptr<arrow::Array>>> BuildColumns(const Chunk& chunk,
                                                                const FieldIndex& index,
                                                                const std::vector<int>& columns,
                                                                const CsvDialect& dialect);

}  // namespace millrace::io::csv
