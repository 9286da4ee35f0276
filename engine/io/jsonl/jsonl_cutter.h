// Cuts a JSONL file, a JSON array or concatenated objects into chunks of whole records. Where
// chunks are cut depends on the chunk size, what the records are does not.
//
// Lines: a chunk ends behind a newline, or at the end of the file.
// Array: a chunk ends behind a comma of the array itself; behind its ']' and all that follows; or,
// where ']' is missing, at the end of the file. In that last case the chunk holds the last,
// unclosed element alone, which may be empty.
// Concatenated: a chunk ends where a record does (object_scanner.h), or at the end of the file.
//
// Thread-safety: one thread at a time.
#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <memory>

#include "io/byte_stream.h"
#include "io/jsonl/array_scanner.h"
#include "io/jsonl/jsonl_reader.h"
#include "io/jsonl/object_scanner.h"

namespace millrace::io {

class JsonlCutter {
 public:
  JsonlCutter(std::unique_ptr<ByteStream> stream, const JsonlOptions& options);

  /// Reads the byte order mark and finds out how the file is laid out.
  Status Start();
  JsonlLayout layout() const { return layout_; }
  /// Of the byte order mark and, for an array, all up to and with its '['.
  int64_t header_bytes() const { return header_bytes_; }

  /// Null at the end of the file.
  Result<std::shared_ptr<Chunk>> Next();

 private:
  Result<std::shared_ptr<Chunk>> NextLines();
  Result<std::shared_ptr<Chunk>> NextOfArray();
  Result<std::shared_ptr<Chunk>> NextConcatenated();
  Result<std::shared_ptr<Chunk>> Oversize();
  Result<std::shared_ptr<Chunk>> AfterClose();
  /// True when the record that is being skipped ends in the buffer, *end one past its separator.
  bool FindRecordEnd(size_t from, size_t* end);

  /// Whether the '{' at `at` begins an object that says: concatenated.
  Result<bool> BeginsConcatenated(size_t at);
  Result<bool> IsGoodObject(size_t begin, size_t end);
  bool is_array() const { return layout_ == JsonlLayout::kArray; }

  Status Fill();
  Status MakeRoom(size_t bytes);
  /// A chunk of the buffer's first `bytes` bytes; the rest is kept for the next one.
  Result<std::shared_ptr<Chunk>> Emit(size_t bytes);
  std::shared_ptr<Chunk> NewChunk(std::shared_ptr<arrow::Buffer> bytes, int64_t oversize);
  uint8_t* data() { return buffer_->mutable_data(); }

  std::unique_ptr<ByteStream> stream_;
  const size_t chunk_bytes_, record_bytes_max_;
  const std::optional<JsonlLayout> declared_;
  std::shared_ptr<arrow::ResizableBuffer> buffer_;
  size_t filled_ = 0;
  size_t scanned_ = 0;   // nothing ends before
  bool at_end_ = false;  // the stream is

  JsonlLayout layout_ = JsonlLayout::kLines;
  ArrayScanner scanner_;
  ObjectScanner objects_;
  bool too_long_ended_ = false;  // the over-long object ends at scanned_
  size_t element_begin_ = 0;     // in the buffer
  bool closed_ = false;          // the array's ']' was found
  size_t close_end_ = 0;         // in the buffer, one past ']'
  bool finished_ = false;

  int64_t header_bytes_ = 0;
  int64_t next_offset_ = 0;
  int64_t next_index_ = 0;
};

}  // namespace millrace::io
