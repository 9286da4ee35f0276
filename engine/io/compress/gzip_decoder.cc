#include <zlib.h>

#include <algorithm>
#include <limits>
#include <string>

#include "io/compress/decoder.h"

namespace millrace::io {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // 32 KiB, gzip wrapper only

class GzipDecoder : public Decoder {
 public:
  GzipDecoder() { MILLRACE_CHECK(inflateInit2(&stream_, kGzipWindowBits) == Z_OK); }
  ~GzipDecoder() override { inflateEnd(&stream_); }

  Result<Step> Decode(const uint8_t* in, size_t in_bytes, int64_t raw_offset, uint8_t* out,
                      size_t out_bytes) override {
    Step step;
    if (state_ != State::kInMember) {
      ARROW_ASSIGN_OR_RAISE(step.consumed, BetweenMembers(in, in_bytes, raw_offset));
      if (state_ != State::kInMember) return step;
    }
    constexpr size_t kMost = std::numeric_limits<uInt>::max();
    stream_.next_in = const_cast<Bytef*>(in + step.consumed);
    stream_.avail_in = static_cast<uInt>(std::min(in_bytes - step.consumed, kMost));
    stream_.next_out = out;
    stream_.avail_out = static_cast<uInt>(std::min(out_bytes, kMost));
    const int code = inflate(&stream_, Z_NO_FLUSH);
    step.consumed = static_cast<size_t>(stream_.next_in - in);
    step.produced = static_cast<size_t>(stream_.next_out - out);
    if (code == Z_STREAM_END) {
      state_ = State::kBetween;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      // What inflate wrote before it met the damage is good: hand it out, fail at the next call.
      if (step.produced > 0) return step;
      return Damaged(raw_offset + static_cast<int64_t>(step.consumed));
    }
    return step;
  }

  Status Finish(int64_t raw_offset) const override {
    if (state_ != State::kInMember) return Status::OK();
    return MakeError(ErrorCode::kCorruptFile,
                     "the gzip data is truncated: the file ends at byte " +
                         std::to_string(raw_offset) + " in the middle of a member",
                     "fetch the file again; `gzip -t` checks it");
  }

 private:
  enum class State { kInMember, kBetween, kPadding };

  /// Skips padding and starts the next member; returns the bytes consumed.
  Result<size_t> BetweenMembers(const uint8_t* in, size_t in_bytes, int64_t raw_offset) {
    size_t zeros = 0;
    while (zeros < in_bytes && in[zeros] == 0) ++zeros;
    if (zeros > 0) state_ = State::kPadding;
    if (zeros == in_bytes) return zeros;
    if (state_ == State::kPadding || in[zeros] != 0x1f) {
      return MakeError(ErrorCode::kCorruptFile,
                       "bytes that are not gzip follow the gzip data at byte " +
                           std::to_string(raw_offset + static_cast<int64_t>(zeros)),
                       "cut the file there, or compress the whole of it");
    }
    MILLRACE_CHECK(inflateReset(&stream_) == Z_OK);
    state_ = State::kInMember;
    return zeros;
  }

  Status Damaged(int64_t offset) const {
    return MakeError(ErrorCode::kCorruptFile,
                     "the gzip data is damaged near byte " + std::to_string(offset) + ": " +
                         (stream_.msg != nullptr ? stream_.msg : "a preset dictionary is needed"),
                     "fetch the file again; `gzip -t` checks it");
  }

  z_stream stream_{};
  State state_ = State::kInMember;
};

}  // namespace

std::unique_ptr<Decoder> MakeGzipDecoder() { return std::make_unique<GzipDecoder>(); }

}  // namespace millrace::io
