#include <bzlib.h>

#include <algorithm>
#include <limits>
#include <string>

#include "io/compress/decoder.h"

namespace millrace::io {
namespace {

const char* WhatIsWrong(int code) {
  switch (code) {
    case BZ_DATA_ERROR_MAGIC:
      return "a stream does not begin as one";
    case BZ_DATA_ERROR:
      return "a block's content or checksum is wrong";
    default:
      return "the decoder gave up";
  }
}

class Bzip2Decoder : public Decoder {
 public:
  ~Bzip2Decoder() override { End(); }

  Status Start() {
    stream_ = bz_stream{};
    const int code = BZ2_bzDecompressInit(&stream_, /*verbosity=*/0, /*small=*/0);
    if (code != BZ_OK) return Status::OutOfMemory("no memory for a bzip2 decoder");
    in_stream_ = true;
    return Status::OK();
  }

  Result<Step> Decode(const uint8_t* in, size_t in_bytes, int64_t raw_offset, uint8_t* out,
                      size_t out_bytes) override {
    if (failed_ != BZ_OK) return Damaged(raw_offset);
    if (!in_stream_) {
      if (in_bytes == 0) return Step{};
      if (in[0] != 'B') {
        return MakeError(
            ErrorCode::kCorruptFile,
            "bytes that are not bzip2 follow the bzip2 data at byte " + std::to_string(raw_offset),
            "cut the file there, or compress the whole of it");
      }
      ARROW_RETURN_NOT_OK(Start());
    }
    constexpr size_t kMost = std::numeric_limits<unsigned>::max();
    stream_.next_in = reinterpret_cast<char*>(const_cast<uint8_t*>(in));
    stream_.avail_in = static_cast<unsigned>(std::min(in_bytes, kMost));
    stream_.next_out = reinterpret_cast<char*>(out);
    stream_.avail_out = static_cast<unsigned>(std::min(out_bytes, kMost));
    const int code = BZ2_bzDecompress(&stream_);
    Step step;
    step.consumed = static_cast<size_t>(reinterpret_cast<uint8_t*>(stream_.next_in) - in);
    step.produced = static_cast<size_t>(reinterpret_cast<uint8_t*>(stream_.next_out) - out);
    if (code == BZ_STREAM_END) {
      End();
    } else if (code == BZ_MEM_ERROR) {
      return Status::OutOfMemory("no memory for a bzip2 decoder");
    } else if (code != BZ_OK) {
      failed_ = code;
      // What was written before the damage was met is handed out; the next call fails.
      if (step.produced > 0) return step;
      return Damaged(raw_offset + static_cast<int64_t>(step.consumed));
    }
    return step;
  }

  Status Finish(int64_t raw_offset) const override {
    if (!in_stream_) return Status::OK();
    return MakeError(ErrorCode::kCorruptFile,
                     "the bzip2 data is truncated: the file ends at byte " +
                         std::to_string(raw_offset) + " in the middle of a stream",
                     "fetch the file again; `bzip2 -t` checks it");
  }

 private:
  void End() {
    if (in_stream_) BZ2_bzDecompressEnd(&stream_);
    in_stream_ = false;
  }

  Status Damaged(int64_t offset) const {
    return MakeError(ErrorCode::kCorruptFile,
                     "the bzip2 data is damaged near byte " + std::to_string(offset) + ": " +
                         WhatIsWrong(failed_),
                     "fetch the file again; `bzip2 -t` checks it");
  }

  bz_stream stream_{};
  bool in_stream_ = false;
  int failed_ = BZ_OK;
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeBzip2Decoder() {
  auto decoder = std::make_unique<Bzip2Decoder>();
  ARROW_RETURN_NOT_OK(decoder->Start());
  return decoder;
}

}  // namespace millrace::io
