// Any bytes as an image: header, decoder and measures.
#include <cstddef>
#include <cstdint>

#include "op/image/luma.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::op;  // NOLINT(build/namespaces)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Luma luma;
  if (!DecodeLuma(bytes, ReadImageHeader(bytes), 1 << 18, &luma).empty()) return 0;
  if (luma.pixels.size() != static_cast<size_t>(luma.width * luma.height)) __builtin_trap();
  const double bits = Entropy(luma);
  if (!(bits >= 0 && bits <= 8.001) || !(Sharpness(luma) >= -0.001)) __builtin_trap();
  DifferenceHash(luma);
  return 0;
}
