// Images as tests want them: a grey picture in each of the formats that are decoded.
#pragma once

#include <doctest/doctest.h>
#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace millrace::op::testing {

using Shade = std::function<uint8_t(int x, int y)>;

inline std::vector<uint8_t> Picture(int width, int height, const Shade& shade) {
  std::vector<uint8_t> rgb;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) rgb.insert(rgb.end(), 3, shade(x, y));
  }
  return rgb;
}

inline std::string AsJpeg(int width, int height, const Shade& shade, int quality = 95,
                          bool progressive = false) {
  auto rgb = Picture(width, height, shade);
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = rgb.data() + size_t{3} * info.next_scanline * static_cast<size_t>(width);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string out(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return out;
}

inline std::string AsPng(int width, int height, const Shade& shade) {
  const auto rgb = Picture(width, height, shade);
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  REQUIRE(png_image_write_to_memory(&image, nullptr, &size, 0, rgb.data(), 0, nullptr) != 0);
  std::string out(size, '\0');
  REQUIRE(png_image_write_to_memory(&image, out.data(), &size, 0, rgb.data(), 0, nullptr) != 0);
  out.resize(size);
  return out;
}

inline std::string AsWebp(int width, int height, const Shade& shade, bool lossless = true) {
  const auto rgb = Picture(width, height, shade);
  uint8_t* bytes = nullptr;
  const size_t size = lossless ? WebPEncodeLosslessRGB(rgb.data(), width, height, 3 * width, &bytes)
                               : WebPEncodeRGB(rgb.data(), width, height, 3 * width, 90, &bytes);
  REQUIRE(size > 0);
  std::string out(reinterpret_cast<char*>(bytes), size);
  WebPFree(bytes);
  return out;
}

}  // namespace millrace::op::testing
