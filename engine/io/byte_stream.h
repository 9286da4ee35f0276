// A file read once from front to back: hashed as it stands, decompressed by its magic bytes.
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace millrace::io {

enum class Compression { kNone, kGzip, kZstd };
std::string_view CompressionName(Compression compression);

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Fills up to `bytes`; fewer only at the end, 0 at the end. A truncated or damaged compressed
  /// file fails with CorruptFile once the good bytes before the damage have been handed out.
  virtual Result<int64_t> Read(int64_t bytes, uint8_t* out) = 0;
  virtual Compression compression() const = 0;
  /// Raw (compressed) bytes read so far, for progress.
  virtual int64_t raw_bytes_read() const = 0;
  /// SHA-256 of the raw file. REQUIRES: read to its end.
  virtual Result<std::string> ContentSha256() = 0;
};

/// `hash` = false saves the hashing where the content's hash is known already.
Result<std::unique_ptr<ByteStream>> OpenByteStream(
    std::shared_ptr<arrow::io::RandomAccessFile> file, bool hash);
/// Over memory, for tests and fuzzing; never compressed.
std::unique_ptr<ByteStream> MemoryByteStream(std::string bytes);

}  // namespace millrace::io
