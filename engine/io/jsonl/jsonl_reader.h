// JSON Lines (one object per line), one big JSON array of objects, and objects one behind the other
// however they are laid out. Strict: what RFC 8259 does
// not allow is a reject, also in values nobody asked for; docs/jsonl.md has the rules.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "io/byte_stream.h"
#include "io/encoding/encoding.h"
#include "io/record_reader.h"

namespace millrace::io {

enum class JsonlLayout { kLines, kArray, kConcatenated };

struct JsonlOptions {
  std::optional<JsonlLayout> layout;  // told from the file if absent
  int64_t chunk_bytes = 1 << 20;      // never changes the result
  int64_t record_bytes_max = 16 << 20;
  std::optional<Encoding> encoding;  // if absent UTF-8, or UTF-16 where the file shows it
};

/// The first non-blank byte decides: '[' is an array of records, anything else is lines; but a file
/// that begins with a good object over several lines, or with two objects on one line, is
/// concatenated. UnknownDialect when the options say an array and the file is none.
/// file_schema: one utf8 column per request; with `all`, the top-level members of the records in
/// the first MiB (of the first record, if that is longer) in the order they appear, each named by
/// the path that means it, objects and arrays as their JSON text.
/// FieldRequest::optional has no effect: a record without the member gives null anyway.
/// Thread-safety: as RecordReader. Parse keeps one parser per thread that is inside it.
Result<std::unique_ptr<RecordReader>> OpenJsonl(std::unique_ptr<ByteStream> stream,
                                                const JsonlOptions& options,
                                                const Projection& projection);

}  // namespace millrace::io
