// How shards are encoded. Everything here shapes bytes: a change is a change of format_version.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/properties.h>

#include <memory>

#include "base/status.h"
#include "io/parquet/shard_writer.h"

namespace millrace::io {

/// The schema as it is stored: dictionaries and views become plain types. Fails for a type that
/// Parquet cannot hold.
Result<std::shared_ptr<arrow::Schema>> StoredSchema(const arrow::Schema& schema);

/// `first` is the shard's first fixed batch, null for a shard without rows.
std::shared_ptr<parquet::WriterProperties> WriterPropertiesOf(const arrow::Schema& stored,
                                                              const arrow::RecordBatch* first,
                                                              const ShardWriterOptions& options);

}  // namespace millrace::io
