// The memory pool of a Parquet writer. Its encoders shrink every page's buffer to size before they
// hand it on, and let it go soon after: here shrinking leaves the memory where it is, copies
// nothing. Thread-safety: as arrow::MemoryPool, all functions may be called from any thread.
#pragma once

#include <arrow/memory_pool.h>

namespace millrace::io {

arrow::MemoryPool* WriterPool();

}  // namespace millrace::io
