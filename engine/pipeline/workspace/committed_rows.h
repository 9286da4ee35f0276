// Files of rows as one Arrow stream.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>

#include "base/status.h"
#include "export/export.h"
#include "stage/rows_in_place.h"

namespace millrace::pipeline {

/// Reads `input.shards` one after the other, all columns. Fails at once when a file is missing or
/// has another size than was written. Thread-safety of the reader: one thread.
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadShards(exporting::ExportInput input);

/// The same of a table of ingest, some of whose rows stayed in the files of their sources.
/// `in_place` reads them. FileChanged, at once, when they are not there any
/// more.
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadIngested(
    exporting::ExportInput input, std::shared_ptr<const stage::RowsInPlace> in_place);

}  // namespace millrace::pipeline
