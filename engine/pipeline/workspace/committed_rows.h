// Files of rows as one Arrow stream.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>

#include "base/status.h"
#include "export/export.h"

namespace millrace::pipeline {

/// Reads `input.shards` one after the other, all columns. Fails at once when a file is missing or
/// has another size than was written. Thread-safety of the reader: one thread.
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadShards(exporting::ExportInput input);

}  // namespace millrace::pipeline
