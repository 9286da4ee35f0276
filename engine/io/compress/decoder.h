// One compressed format as a push-pull machine: bytes in, bytes out, no I/O.
// Thread-safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/status.h"

namespace millrace::io {

class Decoder {
 public:
  virtual ~Decoder() = default;

  struct Step {
    size_t consumed = 0;
    size_t produced = 0;
  };
  /// Decodes as much as fits. What an earlier call produced is good even when this one fails with
  /// CorruptFile; `raw_offset` (of in[0] in the file) goes into the message.
  virtual Result<Step> Decode(const uint8_t* in, size_t in_bytes, int64_t raw_offset, uint8_t* out,
                              size_t out_bytes) = 0;
  /// To be asked once the input is at its end and Decode produces nothing more: CorruptFile when
  /// the data stops in the middle.
  virtual Status Finish(int64_t raw_offset) const = 0;
};

/// Any number of gzip members. Zero bytes after the last one (tape padding) are skipped, as
/// gzip(1) does; other bytes there are CorruptFile: they could be rows, so they are not ignored.
std::unique_ptr<Decoder> MakeGzipDecoder();

/// Any number of zstd frames, skippable ones included. MemoryLimit for a window over
/// 2^window_log_max bytes.
Result<std::unique_ptr<Decoder>> MakeZstdDecoder(int window_log_max);

/// Any number of bzip2 streams; other bytes behind them are CorruptFile. The format bounds the
/// memory: blocks of at most 900 kB, under 4 MiB in all.
Result<std::unique_ptr<Decoder>> MakeBzip2Decoder();

/// Any number of lz4 frames, skippable ones included. The format bounds the memory: blocks of at
/// most 4 MiB and a window of 64 KiB.
Result<std::unique_ptr<Decoder>> MakeLz4Decoder();

}  // namespace millrace::io
