#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <string>
#include <utility>

#include "io/compress/decoder.h"

namespace millrace::io {
namespace {

constexpr size_t kBlockHeaderBytes = 3;
constexpr size_t kFrameStartBytes = 5;

class ZstdDecoder : public Decoder {
 public:
  explicit ZstdDecoder(int window_log_max)
      : context_(ZSTD_createDCtx()), window_log_max_(window_log_max) {}
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }

  Status Init() {
    if (context_ == nullptr) return Status::OutOfMemory("no memory for a zstd decoder");
    const size_t code = ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, window_log_max_);
    if (ZSTD_isError(code)) {
      return MakeError(ErrorCode::kBug, "zstd refuses a window limit of 2^" +
                                            std::to_string(window_log_max_) + " bytes");
    }
    return Status::OK();
  }

  Result<Step> Decode(const uint8_t* in, size_t in_bytes, int64_t raw_offset, uint8_t* out,
                      size_t out_bytes) override {
    // A failing call of zstd does not say how much it wrote before. So a call is given either no
    // input (to empty the decoder's buffer) or at most one block without the next one's header:
    // then all bytes before a damaged block are out before the call that fails.
    const size_t one_block = hint_ > kBlockHeaderBytes ? hint_ - kBlockHeaderBytes : hint_;
    ZSTD_inBuffer from{in, maybe_pending_ ? 0 : std::min(in_bytes, one_block), 0};
    ZSTD_outBuffer to{out, out_bytes, 0};
    const size_t code = ZSTD_decompressStream(context_, &to, &from);
    if (ZSTD_isError(code)) return Failed(code, raw_offset + static_cast<int64_t>(from.pos));
    const bool was_pending = std::exchange(maybe_pending_, to.pos == to.size);
    if (from.pos > 0 || to.pos > 0) {
      in_frame_ = code != 0;
      hint_ = code == 0 ? kFrameStartBytes : code;
    } else if (was_pending) {  // nothing was left in the buffer: go on with the input
      return Decode(in, in_bytes, raw_offset, out, out_bytes);
    }
    return Step{from.pos, to.pos};
  }

  Status Finish(int64_t raw_offset) const override {
    if (!in_frame_) return Status::OK();
    return MakeError(ErrorCode::kCorruptFile,
                     "the zstd data is truncated: the file ends at byte " +
                         std::to_string(raw_offset) + " in the middle of a frame",
                     "fetch the file again; `zstd -t` checks it");
  }

 private:
  Status Failed(size_t code, int64_t offset) const {
    if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) {
      return MakeError(ErrorCode::kMemoryLimit,
                       "the zstd data needs a window of more than 2^" +
                           std::to_string(window_log_max_) + " bytes of memory",
                       "compress it again with `zstd --long=" + std::to_string(window_log_max_) +
                           "` or without --long");
    }
    return MakeError(ErrorCode::kCorruptFile,
                     "the zstd data is damaged near byte " + std::to_string(offset) + ": " +
                         ZSTD_getErrorName(code),
                     "fetch the file again; `zstd -t` checks it");
  }

  ZSTD_DCtx* context_;
  int window_log_max_;
  bool in_frame_ = true;
  bool maybe_pending_ = false;      // the last call filled its output: more may be buffered
  size_t hint_ = kFrameStartBytes;  // how much input zstd wants next
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeZstdDecoder(int window_log_max) {
  auto decoder = std::make_unique<ZstdDecoder>(window_log_max);
  ARROW_RETURN_NOT_OK(decoder->Init());
  return decoder;
}

}  // namespace millrace::io
