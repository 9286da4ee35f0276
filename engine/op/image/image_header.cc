#include "op/image/image_header.h"

#include <cstddef>

namespace millrace::op {
namespace {

// Numbers at a place of the bytes; 0 beyond their end.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  size_t size() const { return bytes_.size(); }
  uint32_t At(size_t at) const {
    return at < bytes_.size() ? static_cast<unsigned char>(bytes_[at]) : 0;
  }
  uint32_t Big16(size_t at) const { return At(at) << 8 | At(at + 1); }
  uint32_t Big32(size_t at) const { return Big16(at) << 16 | Big16(at + 2); }
  uint32_t Little16(size_t at) const { return At(at) | At(at + 1) << 8; }
  uint32_t Little24(size_t at) const { return Little16(at) | At(at + 2) << 16; }
  uint32_t Little32(size_t at) const { return Little16(at) | Little16(at + 2) << 16; }
  bool Has(size_t at, std::string_view text) const {
    return at <= bytes_.size() && bytes_.substr(at, text.size()) == text;
  }

 private:
  std::string_view bytes_;
};

void Set(int64_t width, int64_t height, ImageHeader* header) {
  if (width <= 0 || height <= 0) return;
  header->width = width;
  header->height = height;
}

void ReadPng(const Bytes& bytes, ImageHeader* header) {
  constexpr uint32_t kMost = 0x7fffffff;
  if (bytes.size() < 24 || !bytes.Has(12, "IHDR")) return;
  const uint32_t width = bytes.Big32(16), height = bytes.Big32(20);
  if (width <= kMost && height <= kMost) Set(width, height, header);
}

bool IsFrameHeader(uint32_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

// Segments up to the first that tells of a frame.
void ReadJpeg(const Bytes& bytes, ImageHeader* header) {
  size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (bytes.At(at) != 0xff) return;
    const uint32_t marker = bytes.At(at + 1);
    if (marker == 0xff) {  // filling
      ++at;
      continue;
    }
    if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {  // without a length
      at += 2;
      continue;
    }
    if (marker == 0xd9 || marker == 0xda) return;  // the end, or pixels before any frame
    const uint32_t length = bytes.Big16(at + 2);
    if (length < 2) return;
    if (IsFrameHeader(marker)) {
      if (at + 9 <= bytes.size()) Set(bytes.Big16(at + 7), bytes.Big16(at + 5), header);
      return;
    }
    at += 2 + length;
  }
}

void ReadWebp(const Bytes& bytes, ImageHeader* header) {
  if (bytes.Has(12, "VP8X") && bytes.size() >= 30) {
    header->animated = (bytes.At(20) & 2) != 0;
    Set(int64_t{bytes.Little24(24)} + 1, int64_t{bytes.Little24(27)} + 1, header);
  } else if (bytes.Has(12, "VP8L") && bytes.size() >= 25 && bytes.At(20) == 0x2f) {
    const uint32_t bits = bytes.Little32(21);
    Set((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, header);
  } else if (bytes.Has(12, "VP8 ") && bytes.size() >= 30 && bytes.Has(23, "\x9d\x01\x2a")) {
    Set(bytes.Little16(26) & 0x3fff, bytes.Little16(28) & 0x3fff, header);
  }
}

void ReadBmp(const Bytes& bytes, ImageHeader* header) {
  if (bytes.size() < 26) return;
  if (bytes.Little32(14) == 12) {
    Set(bytes.Little16(18), bytes.Little16(20), header);
    return;
  }
  const auto width = static_cast<int32_t>(bytes.Little32(18));
  const auto height = static_cast<int32_t>(bytes.Little32(22));  // below 0: from the top down
  Set(width, height < 0 ? -int64_t{height} : height, header);
}

}  // namespace

std::string_view FormatName(ImageFormat format) {
  switch (format) {
    case ImageFormat::kUnknown:
      return "";
    case ImageFormat::kJpeg:
      return "jpeg";
    case ImageFormat::kPng:
      return "png";
    case ImageFormat::kWebp:
      return "webp";
    case ImageFormat::kGif:
      return "gif";
    case ImageFormat::kBmp:
      return "bmp";
  }
  return "";
}

ImageHeader ReadImageHeader(std::string_view text) {
  const Bytes bytes(text);
  ImageHeader header;
  if (bytes.Has(0, "\xff\xd8\xff")) {
    header.format = ImageFormat::kJpeg;
    ReadJpeg(bytes, &header);
  } else if (bytes.Has(0, "\x89PNG\r\n\x1a\n")) {
    header.format = ImageFormat::kPng;
    ReadPng(bytes, &header);
  } else if (bytes.Has(0, "RIFF") && bytes.Has(8, "WEBP")) {
    header.format = ImageFormat::kWebp;
    ReadWebp(bytes, &header);
  } else if (bytes.Has(0, "GIF87a") || bytes.Has(0, "GIF89a")) {
    header.format = ImageFormat::kGif;
    if (bytes.size() >= 10) Set(bytes.Little16(6), bytes.Little16(8), &header);
  } else if (bytes.Has(0, "BM") && bytes.size() >= 14) {
    header.format = ImageFormat::kBmp;
    ReadBmp(bytes, &header);
  }
  return header;
}

}  // namespace millrace::op
