// What the first bytes of an image say: its format and its size in pixels. Nothing is decoded, and
// nothing is believed beyond what stands there.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::op {

enum class ImageFormat { kUnknown, kJpeg, kPng, kWebp, kGif, kBmp };
/// "jpeg", "png", "webp", "gif", "bmp"; "" of an unknown one.
std::string_view FormatName(ImageFormat format);

struct ImageHeader {
  ImageFormat format = ImageFormat::kUnknown;
  int64_t width = 0, height = 0;  // 0: the header is damaged or cut off
  bool animated = false;          // of WebP: several pictures
  bool whole() const { return width > 0 && height > 0; }
};

ImageHeader ReadImageHeader(std::string_view bytes);

}  // namespace millrace::op
