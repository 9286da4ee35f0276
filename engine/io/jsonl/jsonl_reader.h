// JSON Lines, concatenated objects on lines, and one big JSON array of objects.
#pragma once

#include <cstdint>
#include <memory>

#include "io/byte_stream.h"
#include "io/record_reader.h"

namespace millrace::io {

struct JsonlOptions {
  int64_t chunk_bytes = 1 << 20;    // never changes the result
  int64_t record_bytes_max = 16 << 20;
};

/// The first non-blank byte decides: '[' is an array of records, anything else is lines.
/// file_schema: one utf8 column per request; with `all`, the union of top-level keys of the first
/// chunk (objects and arrays as their JSON text).
Result<std::unique_ptr<RecordReader>> OpenJsonl(std::unique_ptr<ByteStream> stream,
                                                const JsonlOptions& options,
                                                const Projection& projection);

}  // namespace millrace::io
