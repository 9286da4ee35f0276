#include <lz4frame.h>

#include <algorithm>
#include <string>
#include <utility>

#include "io/compress/decoder.h"

namespace millrace::io {
namespace {

constexpr size_t kBlockHeaderBytes = 4;
constexpr size_t kFrameStartBytes = 7;

class Lz4Decoder : public Decoder {
 public:
  ~Lz4Decoder() override { LZ4F_freeDecompressionContext(context_); }

  Status Init() {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION))) {
      return Status::OutOfMemory("no memory for an lz4 decoder");
    }
    return Status::OK();
  }

  Result<Step> Decode(const uint8_t* in, size_t in_bytes, int64_t raw_offset, uint8_t* out,
                      size_t out_bytes) override {
    if (between_frames_ && in_bytes == 0) return Step{};
    // A failing call does not say how much it wrote before. So a call is given either no input (to
    // empty the decoder's buffer) or at most one block without the next one's header: then all
    // bytes before a damaged block are out before the call that fails.
    const size_t one_block = hint_ > kBlockHeaderBytes ? hint_ - kBlockHeaderBytes : hint_;
    size_t consumed = maybe_pending_ ? 0 : std::min(in_bytes, one_block);
    size_t produced = out_bytes;
    const size_t code = LZ4F_decompress(context_, out, &produced, in, &consumed, nullptr);
    if (LZ4F_isError(code)) {
      return MakeError(ErrorCode::kCorruptFile,
                       "the lz4 data is damaged near byte " + std::to_string(raw_offset) + ": " +
                           LZ4F_getErrorName(code),
                       "fetch the file again; `lz4 -t` checks it");
    }
    const bool was_pending = std::exchange(maybe_pending_, produced == out_bytes);
    if (consumed > 0 || produced > 0) {
      between_frames_ = code == 0;
      hint_ = code == 0 ? kFrameStartBytes : code;
    } else if (was_pending) {  // nothing was left in the buffer: go on with the input
      return Decode(in, in_bytes, raw_offset, out, out_bytes);
    }
    return Step{consumed, produced};
  }

  Status Finish(int64_t raw_offset) const override {
    if (between_frames_) return Status::OK();
    return MakeError(ErrorCode::kCorruptFile,
                     "the lz4 data is truncated: the file ends at byte " +
                         std::to_string(raw_offset) + " in the middle of a frame",
                     "fetch the file again; `lz4 -t` checks it");
  }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool between_frames_ = false;
  bool maybe_pending_ = false;      // the last call filled its output: more may be buffered
  size_t hint_ = kFrameStartBytes;  // how much input lz4 wants next
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeLz4Decoder() {
  auto decoder = std::make_unique<Lz4Decoder>();
  ARROW_RETURN_NOT_OK(decoder->Init());
  return decoder;
}

}  // namespace millrace::io
