// An image as the brightness of its pixels. JPEG, PNG and WebP, by the libraries that browsers use.
// The size is looked at before anything is decoded, and what is damaged is an answer, not an error.
//
// Thread-safety: pure functions. Large images are decoded one at a time, to bound memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "op/image/image_header.h"

namespace millrace::op {

/// A row of `width` bytes for each of `height`, black to white.
struct Luma {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> pixels;
};

/// Why there is no Luma, as a stable phrase; "" when there is one.
/// `header`: of the bytes. "animated", "too many pixels", "damaged", "not decoded" (of a format
/// that is not).
std::string DecodeLuma(std::string_view bytes, const ImageHeader& header, int64_t pixels_max,
                       Luma* luma);

/// How much neighbouring pixels differ: the variance of the Laplacian. About 100 and less is
/// blurred.
double Sharpness(const Luma& luma);
/// Bits of information in the distribution of brightness: 0 of one shade, at most 8.
double Entropy(const Luma& luma);
/// 64 bits that stay the same or nearly so when an image is scaled, compressed or made a little
/// brighter: whether each of 8 by 8 areas is darker than the one right of it.
uint64_t DifferenceHash(const Luma& luma);

}  // namespace millrace::op
