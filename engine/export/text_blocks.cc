#include "export/text_blocks.h"

#include <zlib.h>
#include <zstd.h>

#include <utility>

namespace millrace::exporting {
namespace {

constexpr int kRawDeflateWindow = -15;

Status CompressionFailed(const std::string& what) {
  return MakeError(ErrorCode::kBug, "compressing an export failed: " + what);
}

Result<std::string> DeflateToBoundary(const std::string& text, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, kRawDeflateWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return CompressionFailed("deflateInit2");
  }
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int flushed = deflate(&stream, Z_SYNC_FLUSH);
  const bool whole = flushed == Z_OK && stream.avail_in == 0 && stream.avail_out > 0;
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (!whole) return CompressionFailed("deflate");
  return out;
}

class PlainJoiner : public TextJoiner {
 public:
  Result<std::string> Header() override { return std::string(); }
  Result<std::string> Add(TextBlock block) override { return std::move(block.bytes); }
  Result<std::string> Finish() override { return std::string(); }
};

class GzipJoiner : public TextJoiner {
 public:
  // No name, no time: mtime 0, unknown system.
  Result<std::string> Header() override { return std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10); }
  Result<std::string> Add(TextBlock block) override {
    crc_ = crc32_combine(crc_, block.crc32, static_cast<z_off_t>(block.text_bytes));
    text_bytes_ += block.text_bytes;
    return std::move(block.bytes);
  }
  Result<std::string> Finish() override {
    std::string trailer("\x03\0", 2);  // an empty final block
    for (int i = 0; i < 4; ++i) trailer += static_cast<char>(crc_ >> (8 * i));
    for (int i = 0; i < 4; ++i) trailer += static_cast<char>(text_bytes_ >> (8 * i));
    return trailer;
  }

 private:
  uLong crc_ = crc32(0, nullptr, 0);
  uint64_t text_bytes_ = 0;
};

class ZstdJoiner : public TextJoiner {
 public:
  explicit ZstdJoiner(int level) : context_(ZSTD_createCCtx()) {
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdJoiner() override { ZSTD_freeCCtx(context_); }
  Result<std::string> Header() override { return std::string(); }
  Result<std::string> Add(TextBlock block) override { return Run(block.bytes, ZSTD_e_continue); }
  Result<std::string> Finish() override { return Run("", ZSTD_e_end); }

 private:
  Result<std::string> Run(const std::string& text, ZSTD_EndDirective end) {
    std::string out;
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    for (;;) {
      const size_t start = out.size();
      out.resize(start + ZSTD_CStreamOutSize());
      ZSTD_outBuffer piece{out.data() + start, out.size() - start, 0};
      const size_t left = ZSTD_compressStream2(context_, &piece, &in, end);
      out.resize(start + piece.pos);
      if (ZSTD_isError(left)) return CompressionFailed(ZSTD_getErrorName(left));
      if (in.pos == in.size && (end == ZSTD_e_continue || left == 0)) return out;
    }
  }
  ZSTD_CCtx* context_;
};

}  // namespace

Result<TextBlock> MakeTextBlock(std::string text, TextCompression compression, int level) {
  TextBlock block;
  block.text_bytes = text.size();
  if (compression != TextCompression::kGzip) {
    block.bytes = std::move(text);
    return block;
  }
  block.crc32 = static_cast<uint32_t>(
      crc32_z(crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(text.data()), text.size()));
  ARROW_ASSIGN_OR_RAISE(block.bytes, DeflateToBoundary(text, level));
  return block;
}

Result<std::unique_ptr<TextJoiner>> MakeTextJoiner(TextCompression compression, int level) {
  std::unique_ptr<TextJoiner> joiner;
  switch (compression) {
    case TextCompression::kNone:
      joiner = std::make_unique<PlainJoiner>();
      break;
    case TextCompression::kGzip:
      joiner = std::make_unique<GzipJoiner>();
      break;
    case TextCompression::kZstd:
      joiner = std::make_unique<ZstdJoiner>(level);
      break;
  }
  return joiner;
}

std::string JsonlSuffix(TextCompression compression) {
  switch (compression) {
    case TextCompression::kNone:
      return ".jsonl";
    case TextCompression::kGzip:
      return ".jsonl.gz";
    case TextCompression::kZstd:
      return ".jsonl.zst";
  }
  return ".jsonl";
}

}  // namespace millrace::exporting
