// A file read once from front to back: hashed as it stands, decompressed by its magic bytes.
// The name of a file is never believed; docs/files.md has the rules.
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace millrace::io {

enum class Compression { kNone, kGzip, kZstd, kBzip2, kLz4 };
std::string_view CompressionName(Compression compression);
/// By the first bytes of a file; ten are enough, more where skippable frames come first: zstd and
/// lz4 have them in common, and the frame behind them decides (zstd, if it is not to be seen).
Compression SniffCompression(std::string_view first_bytes);

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Fills up to `bytes`; fewer only at the end or before an error, 0 only at the end. A truncated
  /// or damaged compressed file fails with CorruptFile once the good bytes before the damage have
  /// been handed out; an error stays: every further Read gives it again.
  virtual Result<int64_t> Read(int64_t bytes, uint8_t* out) = 0;
  virtual Compression compression() const = 0;
  /// Raw (compressed) bytes read so far, for progress. May be asked from another thread.
  virtual int64_t raw_bytes_read() const = 0;
  /// SHA-256 of the raw file. REQUIRES: opened with `hash`, and read to its end: a Read has
  /// returned fewer bytes than asked for.
  virtual Result<std::string> ContentSha256() = 0;
};

struct ByteStreamOptions {
  bool hash = true;  // false saves the hashing where the content's hash is known already
  /// zstd frames with a larger window (2^n bytes of memory) are refused with MemoryLimit. 27 is
  /// what every level of zstd stays within unless --long or --ultra asks for more.
  int zstd_window_log_max = 27;
};

/// UnreadablePath for what is packed in ways that are not read here (xz, zip, ...), naming them.
Result<std::unique_ptr<ByteStream>> OpenByteStream(
    std::shared_ptr<arrow::io::RandomAccessFile> file, const ByteStreamOptions& options);
Result<std::unique_ptr<ByteStream>> OpenByteStream(
    std::shared_ptr<arrow::io::RandomAccessFile> file, bool hash);
/// Over memory, for tests and fuzzing; never compressed.
std::unique_ptr<ByteStream> MemoryByteStream(std::string bytes);

}  // namespace millrace::io
