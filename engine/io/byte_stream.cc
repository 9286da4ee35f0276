#include "io/byte_stream.h"

#include <arrow/io/interfaces.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <vector>

#include "base/sha256.h"
#include "io/compress/decoder.h"

namespace millrace::io {
namespace {

constexpr int64_t kBlockBytes = 1 << 20;
constexpr int64_t kDirectBytes = 64 << 10;

/// The raw file from front to back, hashed on the way.
class RawFile {
 public:
  RawFile(std::shared_ptr<arrow::io::RandomAccessFile> file, bool hash) : file_(std::move(file)) {
    if (hash) hash_.emplace();
  }

  /// Fewer bytes only at the end.
  Result<int64_t> Read(int64_t bytes, uint8_t* out) {
    int64_t done = 0;
    while (done < bytes) {
      const int64_t at = position_.load(std::memory_order_relaxed);
      ARROW_ASSIGN_OR_RAISE(const int64_t got, file_->ReadAt(at, bytes - done, out + done));
      if (got == 0) {
        at_end_ = true;
        break;
      }
      if (hash_) hash_->Update(out + done, static_cast<size_t>(got));
      position_.store(at + got, std::memory_order_relaxed);
      done += got;
    }
    return done;
  }

  int64_t position() const { return position_.load(std::memory_order_relaxed); }

  Result<std::string> Sha256() {
    if (!hex_.empty()) return hex_;
    if (!hash_ || !at_end_) {
      return MakeError(ErrorCode::kBug, "the hash of a file was asked for before its end was read");
    }
    hex_ = hash_->FinishHex();
    return hex_;
  }

 private:
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::atomic<int64_t> position_{0};
  std::optional<millrace::Sha256> hash_;
  bool at_end_ = false;
  std::string hex_;
};

/// What plain and compressed streams share: the first block is read when the file is opened,
/// because its magic bytes decide.
class FileStream : public ByteStream {
 public:
  FileStream(std::shared_ptr<arrow::io::RandomAccessFile> file, bool hash)
      : raw_(std::move(file), hash), block_(kBlockBytes) {}

  Status Fill() {
    ARROW_ASSIGN_OR_RAISE(end_, raw_.Read(kBlockBytes, block_.data()));
    begin_ = 0;
    last_block_ = end_ < kBlockBytes;
    return Status::OK();
  }
  std::string_view first_bytes() const {
    return {reinterpret_cast<const char*>(block_.data()), static_cast<size_t>(end_)};
  }
  void set_decoder(std::unique_ptr<Decoder> decoder, Compression compression) {
    decoder_ = std::move(decoder);
    compression_ = compression;
  }

  Result<int64_t> Read(int64_t bytes, uint8_t* out) override {
    int64_t done = 0;
    while (done < bytes && error_.ok() && !finished_) {
      Result<int64_t> got =
          decoder_ ? ReadDecoded(bytes - done, out + done) : ReadPlain(bytes - done, out + done);
      if (got.ok()) {
        done += *got;
      } else {
        error_ = got.status();
      }
    }
    if (done == 0 && !error_.ok()) return error_;
    return done;
  }

  Compression compression() const override { return compression_; }
  int64_t raw_bytes_read() const override { return raw_.position(); }
  Result<std::string> ContentSha256() override { return raw_.Sha256(); }

 private:
  Result<int64_t> ReadPlain(int64_t bytes, uint8_t* out) {
    if (begin_ < end_) {
      const int64_t take = std::min(bytes, end_ - begin_);
      std::memcpy(out, block_.data() + begin_, static_cast<size_t>(take));
      begin_ += take;
      return take;
    }
    if (bytes >= kDirectBytes) {  // large reads need no copy through the block
      ARROW_ASSIGN_OR_RAISE(const int64_t got, raw_.Read(bytes, out));
      finished_ = got < bytes;
      return got;
    }
    ARROW_RETURN_NOT_OK(Fill());
    finished_ = end_ == 0;
    return 0;
  }

  Result<int64_t> ReadDecoded(int64_t bytes, uint8_t* out) {
    if (begin_ == end_ && !last_block_) ARROW_RETURN_NOT_OK(Fill());
    const int64_t offset = raw_.position() - end_ + begin_;
    ARROW_ASSIGN_OR_RAISE(
        const Decoder::Step step,
        decoder_->Decode(block_.data() + begin_, static_cast<size_t>(end_ - begin_), offset, out,
                         static_cast<size_t>(bytes)));
    begin_ += static_cast<int64_t>(step.consumed);
    if (step.consumed == 0 && step.produced == 0 && last_block_) {
      MILLRACE_CHECK(begin_ == end_);  // a decoder may not leave bytes behind
      ARROW_RETURN_NOT_OK(decoder_->Finish(raw_.position()));
      finished_ = true;
    }
    return static_cast<int64_t>(step.produced);
  }

  RawFile raw_;
  std::vector<uint8_t> block_;
  int64_t begin_ = 0, end_ = 0;  // of what block_ holds and nobody has used yet
  bool last_block_ = false;      // the file ends in block_
  bool finished_ = false;
  std::unique_ptr<Decoder> decoder_;  // null: plain
  Compression compression_ = Compression::kNone;
  Status error_;
};

class MemoryStream : public ByteStream {
 public:
  explicit MemoryStream(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<int64_t> Read(int64_t bytes, uint8_t* out) override {
    const size_t take = std::min(static_cast<size_t>(bytes), bytes_.size() - at_);
    std::memcpy(out, bytes_.data() + at_, take);
    at_ += take;
    return static_cast<int64_t>(take);
  }
  Compression compression() const override { return Compression::kNone; }
  int64_t raw_bytes_read() const override { return static_cast<int64_t>(at_); }
  Result<std::string> ContentSha256() override { return Sha256Hex(bytes_); }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

/// A compression that is known but not read here, or "".
std::string_view ForeignCompression(std::string_view first_bytes) {
  using namespace std::string_view_literals;
  if (StartsWith(first_bytes,
                 "\xFD"sv
                 "7zXZ\0"sv))
    return "xz";
  if (StartsWith(first_bytes, "\x02\x21\x4C\x18"sv)) return "lz4's legacy format";
  if (StartsWith(first_bytes, "7z\xBC\xAF\x27\x1C"sv)) return "7z";
  if (StartsWith(first_bytes, "PK\x03\x04"sv)) return "zip";
  return "";
}

bool IsSkippableFrame(std::string_view bytes) {  // 0x184D2A50 to 0x184D2A5F
  using namespace std::string_view_literals;
  return bytes.size() >= 8 && (bytes[0] & 0xF0) == 0x50 && bytes.substr(1, 3) == "\x2A\x4D\x18"sv;
}

/// What comes behind the skippable frames; "" when that is beyond `bytes`.
std::string_view BehindSkippable(std::string_view bytes) {
  while (IsSkippableFrame(bytes)) {
    size_t length = 8;
    for (size_t i = 0; i < 4; ++i) {
      length += static_cast<size_t>(static_cast<uint8_t>(bytes[4 + i])) << (8 * i);
    }
    bytes.remove_prefix(std::min(length, bytes.size()));
  }
  return bytes;
}

bool IsBzip2(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (!StartsWith(bytes, "BZh"sv) || bytes.size() < 10 || bytes[3] < '1' || bytes[3] > '9') {
    return false;
  }
  const std::string_view block = bytes.substr(4, 6);  // the first one, or the stream's end
  return block == "1AY&SY"sv || block == "\x17\x72\x45\x38\x50\x90"sv;
}

}  // namespace

std::string_view CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "none";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
    case Compression::kBzip2:
      return "bzip2";
    case Compression::kLz4:
      return "lz4";
  }
  return "none";
}

Compression SniffCompression(std::string_view first_bytes) {
  using namespace std::string_view_literals;
  if (StartsWith(first_bytes, "\x1F\x8B"sv)) return Compression::kGzip;
  if (StartsWith(first_bytes, "\x28\xB5\x2F\xFD"sv)) return Compression::kZstd;
  if (StartsWith(first_bytes, "\x04\x22\x4D\x18"sv)) return Compression::kLz4;
  if (IsBzip2(first_bytes)) return Compression::kBzip2;
  if (IsSkippableFrame(first_bytes)) {
    const std::string_view behind = BehindSkippable(first_bytes);
    const bool lz4 = StartsWith(behind, "\x04\x22\x4D\x18"sv);
    return lz4 ? Compression::kLz4 : Compression::kZstd;
  }
  return Compression::kNone;
}

Result<std::unique_ptr<ByteStream>> OpenByteStream(
    std::shared_ptr<arrow::io::RandomAccessFile> file, const ByteStreamOptions& options) {
  auto stream = std::make_unique<FileStream>(std::move(file), options.hash);
  ARROW_RETURN_NOT_OK(stream->Fill());
  const std::string_view foreign = ForeignCompression(stream->first_bytes());
  if (!foreign.empty()) {
    return MakeError(ErrorCode::kUnreadablePath,
                     "the file is compressed with " + std::string(foreign) + ", which is not read",
                     "unpack it, or compress it with gzip, zstd, bzip2 or lz4");
  }
  switch (SniffCompression(stream->first_bytes())) {
    case Compression::kNone:
      break;
    case Compression::kGzip:
      stream->set_decoder(MakeGzipDecoder(), Compression::kGzip);
      break;
    case Compression::kZstd: {
      ARROW_ASSIGN_OR_RAISE(auto decoder, MakeZstdDecoder(options.zstd_window_log_max));
      stream->set_decoder(std::move(decoder), Compression::kZstd);
      break;
    }
    case Compression::kBzip2: {
      ARROW_ASSIGN_OR_RAISE(auto decoder, MakeBzip2Decoder());
      stream->set_decoder(std::move(decoder), Compression::kBzip2);
      break;
    }
    case Compression::kLz4: {
      ARROW_ASSIGN_OR_RAISE(auto decoder, MakeLz4Decoder());
      stream->set_decoder(std::move(decoder), Compression::kLz4);
      break;
    }
  }
  return stream;
}

Result<std::unique_ptr<ByteStream>> OpenByteStream(
    std::shared_ptr<arrow::io::RandomAccessFile> file, bool hash) {
  ByteStreamOptions options;
  options.hash = hash;
  return OpenByteStream(std::move(file), options);
}

std::unique_ptr<ByteStream> MemoryByteStream(std::string bytes) {
  return std::make_unique<MemoryStream>(std::move(bytes));
}

}  // namespace millrace::io
