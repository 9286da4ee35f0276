#include "op/image/luma.h"

#include <jpeglib.h>
#include <png.h>
#include <webp/decode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csetjmp>
#include <mutex>

namespace millrace::op {
namespace {

constexpr int64_t kLargePixels = 2'000'000;
constexpr int kScansMax = 200;  // a progressive JPEG has about ten
constexpr char kDamaged[] = "damaged";

std::mutex& LargeImages() {
  static auto* mutex = new std::mutex;
  return *mutex;
}

// The weights of Rec. 601, as a JPEG has them.
uint8_t Brightness(const uint8_t* rgb) {
  return static_cast<uint8_t>((77U * rgb[0] + 150U * rgb[1] + 29U * rgb[2] + 128U) >> 8);
}

// In place: a pixel of three bytes becomes one.
void ToLuma(std::vector<uint8_t> rgb, Luma* luma) {
  const size_t pixels = rgb.size() / 3;
  for (size_t i = 0; i < pixels; ++i) rgb[i] = Brightness(&rgb[3 * i]);
  rgb.resize(pixels);
  luma->pixels = std::move(rgb);
}

/// libjpeg ends by jumping: nothing with a destructor may live in the functions that it jumps over.
struct JpegErrors {
  jpeg_error_mgr manager;  // first: libjpeg knows of this part alone
  std::jmp_buf jump;
  bool cut;
};

void OnJpegError(j_common_ptr info) {
  std::longjmp(reinterpret_cast<JpegErrors*>(info->err)->jump, 1);
}
// A warning that pixels are missing counts; others are about bytes that nobody needs.
void OnJpegMessage(j_common_ptr info, int level) {
  if (level < 0) reinterpret_cast<JpegErrors*>(info->err)->cut = true;
}
void OnJpegText(j_common_ptr) {}
void OnJpegProgress(j_common_ptr info) {
  if (info->is_decompressor != 0 &&
      reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kScansMax) {
    std::longjmp(reinterpret_cast<JpegErrors*>(info->err)->jump, 1);
  }
}

bool DecodeJpeg(std::string_view bytes, int64_t width, int64_t height, uint8_t* pixels) {
  jpeg_decompress_struct info;
  jpeg_progress_mgr progress = {};
  JpegErrors errors;
  errors.cut = false;
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = OnJpegError;
  errors.manager.emit_message = OnJpegMessage;
  errors.manager.output_message = OnJpegText;
  if (setjmp(errors.jump) != 0) {
    jpeg_destroy_decompress(&info);
    return false;
  }
  jpeg_create_decompress(&info);
  progress.progress_monitor = OnJpegProgress;
  info.progress = &progress;
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_GRAYSCALE;
  info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&info);
  const bool fits = info.output_width == static_cast<JDIMENSION>(width) &&
                    info.output_height == static_cast<JDIMENSION>(height) &&
                    info.output_components == 1;
  while (fits && info.output_scanline < info.output_height) {
    JSAMPROW row = pixels + static_cast<size_t>(info.output_scanline) * static_cast<size_t>(width);
    jpeg_read_scanlines(&info, &row, 1);
  }
  const bool cut = errors.cut;
  jpeg_destroy_decompress(&info);
  return fits && !cut;
}

bool DecodePng(std::string_view bytes, Luma* luma) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) return false;
  const bool fits = int64_t{image.width} == luma->width && int64_t{image.height} == luma->height;
  if (!fits) {
    png_image_free(&image);
    return false;
  }
  image.format = PNG_FORMAT_RGB;
  std::vector<uint8_t> rgb(PNG_IMAGE_SIZE(image));
  const png_color black = {0, 0, 0};  // behind what can be seen through
  const bool read = png_image_finish_read(&image, &black, rgb.data(), 0, nullptr) != 0;
  png_image_free(&image);
  if (!read || PNG_IMAGE_FAILED(image) || image.warning_or_error != 0) return false;
  ToLuma(std::move(rgb), luma);
  return true;
}

bool DecodeWebp(std::string_view bytes, Luma* luma) {
  std::vector<uint8_t> rgb(static_cast<size_t>(luma->width * luma->height) * 3);
  const uint8_t* decoded =
      WebPDecodeRGBInto(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), rgb.data(),
                        rgb.size(), static_cast<int>(luma->width) * 3);
  if (decoded == nullptr) return false;
  ToLuma(std::move(rgb), luma);
  return true;
}

bool Decode(std::string_view bytes, ImageFormat format, Luma* luma) {
  switch (format) {
    case ImageFormat::kJpeg:
      luma->pixels.resize(static_cast<size_t>(luma->width * luma->height));
      return DecodeJpeg(bytes, luma->width, luma->height, luma->pixels.data());
    case ImageFormat::kPng:
      return DecodePng(bytes, luma);
    default:
      return DecodeWebp(bytes, luma);
  }
}

bool WebpFits(std::string_view bytes, const ImageHeader& header) {
  WebPBitstreamFeatures features;
  const auto status =
      WebPGetFeatures(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), &features);
  return status == VP8_STATUS_OK && features.width == header.width &&
         features.height == header.height;
}

}  // namespace

std::string DecodeLuma(std::string_view bytes, const ImageHeader& header, int64_t pixels_max,
                       Luma* luma) {
  const ImageFormat format = header.format;
  if (format != ImageFormat::kJpeg && format != ImageFormat::kPng && format != ImageFormat::kWebp) {
    return "not decoded";
  }
  if (!header.whole()) return kDamaged;
  if (header.animated) return "animated";
  if (header.width > pixels_max / header.height) return "too many pixels";
  if (format == ImageFormat::kWebp && !WebpFits(bytes, header)) return kDamaged;
  std::unique_lock<std::mutex> lock(LargeImages(), std::defer_lock);
  if (header.width * header.height > kLargePixels) lock.lock();
  luma->width = header.width;
  luma->height = header.height;
  return Decode(bytes, format, luma) ? "" : kDamaged;
}

double Sharpness(const Luma& luma) {
  const int64_t width = luma.width, height = luma.height;
  if (width < 3 || height < 3) return 0;
  int64_t sum = 0, squares = 0;
  for (int64_t y = 1; y + 1 < height; ++y) {
    const uint8_t* const row = luma.pixels.data() + y * width;
    for (int64_t x = 1; x + 1 < width; ++x) {
      const int64_t value =
          4 * int64_t{row[x]} - row[x - 1] - row[x + 1] - row[x - width] - row[x + width];
      sum += value;
      squares += value * value;
    }
  }
  const auto count = static_cast<double>((width - 2) * (height - 2));
  const double mean = static_cast<double>(sum) / count;
  return static_cast<double>(squares) / count - mean * mean;
}

double Entropy(const Luma& luma) {
  std::array<int64_t, 256> shades = {};
  for (const uint8_t pixel : luma.pixels) ++shades[pixel];
  const auto count = static_cast<double>(luma.pixels.size());
  double bits = 0;
  for (const int64_t pixels : shades) {
    if (pixels == 0) continue;
    const double share = static_cast<double>(pixels) / count;
    bits -= share * std::log2(share);
  }
  return bits;
}

uint64_t DifferenceHash(const Luma& luma) {
  constexpr int64_t kAcross = 9, kDown = 8;
  std::array<int64_t, kAcross* kDown> areas = {};
  for (int64_t down = 0; down < kDown; ++down) {
    const int64_t top = luma.height * down / kDown;
    const int64_t bottom = std::max(top + 1, luma.height * (down + 1) / kDown);
    for (int64_t across = 0; across < kAcross; ++across) {
      const int64_t left = luma.width * across / kAcross;
      const int64_t right = std::max(left + 1, luma.width * (across + 1) / kAcross);
      int64_t sum = 0;
      for (int64_t y = top; y < bottom; ++y) {
        for (int64_t x = left; x < right; ++x) {
          sum += luma.pixels[static_cast<size_t>(y * luma.width + x)];
        }
      }
      // In 1/256 of a shade, so that flat areas are compared finely.
      areas[static_cast<size_t>(down * kAcross + across)] =
          sum * 256 / ((bottom - top) * (right - left));
    }
  }
  uint64_t hash = 0;
  for (int64_t down = 0; down < kDown; ++down) {
    for (int64_t across = 0; across + 1 < kAcross; ++across) {
      const auto at = static_cast<size_t>(down * kAcross + across);
      hash = hash << 1 | (areas[at] < areas[at + 1] ? 1U : 0U);
    }
  }
  return hash;
}

}  // namespace millrace::op
