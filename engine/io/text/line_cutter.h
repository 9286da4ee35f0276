// Cuts a text stream into chunks of whole lines. A line longer than record_bytes_max is a chunk of
// its own (Chunk::oversize_bytes), skipped without being held.
// Thread-safety: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/byte_stream.h"
#include "io/record_reader.h"

namespace millrace::io {

class LineCutter {
 public:
  LineCutter(std::unique_ptr<ByteStream> stream, int64_t chunk_bytes, int64_t record_bytes_max)
      : stream_(std::move(stream)),
        chunk_bytes_(chunk_bytes),
        record_bytes_max_(record_bytes_max) {}

  /// The first bytes of the file, at most `bytes_max` of them, left in place.
  Result<std::string_view> Head(int64_t bytes_max);
  /// Drops the first bytes. REQUIRES: Head has shown them.
  void Skip(int64_t bytes);

  /// The next chunk, or null at the end.
  Result<std::shared_ptr<Chunk>> Next();

 private:
  Status Fill(size_t bytes_wanted);
  std::shared_ptr<Chunk> Take(size_t bytes, int64_t oversize_bytes);
  Result<std::shared_ptr<Chunk>> TakeOversize();

  std::unique_ptr<ByteStream> stream_;
  const int64_t chunk_bytes_, record_bytes_max_;
  std::string bytes_;  // read and not handed out yet
  bool at_end_ = false;
  int64_t offset_ = 0;  // in the file, of bytes_
  int64_t index_ = 0;
};

}  // namespace millrace::io
