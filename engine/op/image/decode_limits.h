// Which images an operator decodes: the parameters `pixels_max` and `bytes_max`.
//
// Thread-safety: immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "op/image/luma.h"
#include "op/request.h"

namespace millrace::op {

class DecodeLimits {
 public:
  /// The parameters; `then`: what becomes of an image that is not decoded, behind "not decoded".
  static std::vector<Field> Fields(const std::string& then);

  explicit DecodeLimits(const Request& request);

  /// As DecodeLuma, and "too many bytes".
  std::string Decode(std::string_view image, const ImageHeader& header, Luma* luma) const;

 private:
  int64_t pixels_max_, bytes_max_;
};

}  // namespace millrace::op
