#include "op/image/decode_limits.h"

namespace millrace::op {

std::vector<Field> DecodeLimits::Fields(const std::string& then) {
  return {{.key = "pixels_max",
           .type = FieldType::kInteger,
           .doc = "Larger images are not decoded" + then +
                  ". Up to 6 bytes a pixel are held while one is; those of more than 2 million "
                  "pixels are decoded one at a time.",
           .fallback = "25000000",
           .min = 1,
           .max = 200'000'000},
          {.key = "bytes_max",
           .type = FieldType::kSize,
           .doc = "Images of more bytes are not decoded" + then + ".",
           .fallback = "64MiB",
           .min = 1}};
}

DecodeLimits::DecodeLimits(const Request& request)
    : pixels_max_(request.parameters().Integer("pixels_max")),
      bytes_max_(request.parameters().Integer("bytes_max")) {}

std::string DecodeLimits::Decode(std::string_view image, const ImageHeader& header,
                                 Luma* luma) const {
  if (static_cast<int64_t>(image.size()) > bytes_max_) return "too many bytes";
  return DecodeLuma(image, header, pixels_max_, luma);
}

}  // namespace millrace::op
