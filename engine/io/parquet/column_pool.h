// The memory of columns on their way into Parquet and out of it. Its encoders and decoders grow
// buffers to many megabytes, shrink them to size before they hand them on, and let them go soon
// after: here neither copies. Thread-safety: as arrow::MemoryPool, all functions may be called from
// any thread.
#pragma once

#include <arrow/memory_pool.h>

namespace millrace::io {

arrow::MemoryPool* ColumnPool();

/// For the batches of shards, which follow each other and are of about one size: it keeps a few
/// megabytes that one has left for the next. What is reserved here may be in memory as a whole,
/// whether it is used or not.
arrow::MemoryPool* BatchPool();

}  // namespace millrace::io
