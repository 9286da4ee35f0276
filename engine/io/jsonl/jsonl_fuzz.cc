// The reader and the slow oracle must agree on any bytes, and the reader with itself for any chunk
// size. The first three bytes of the input choose the options.
#include <cstdint>
#include <string>

#include "io/testing/jsonl_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::io;
  if (size < 3) return 0;
  Projection projection;
  const char* const kPaths[] = {"a", "b.c", "t[0]", "b", "[\"a.b\"]", "t[1].x", "é"};
  for (size_t i = 0; i < 7; ++i) {
    if ((data[0] >> i & 1) == 0) continue;
    projection.fields.push_back({kPaths[i], (data[1] >> i & 1) != 0, (data[1] & 0x82) == 0x82});
  }
  if ((data[0] & 0x80) != 0) projection.unknown = UnknownFields::kReject;
  JsonlOptions options;
  if (data[2] >= 0x80) options.record_bytes_max = data[2] - 0x7F;
  // Arrays are left to the file: one that is declared and is none cannot be opened.
  if ((data[0] & 0x40) != 0 && (data[1] & 0x40) != 0) {
    options.layout = data[2] % 2 == 0 ? JsonlLayout::kLines : JsonlLayout::kConcatenated;
  }
  options.encoding = Encoding::kUtf8;  // bytes are counted as those of the file
  const std::string text(reinterpret_cast<const char*>(data) + 3, size - 3);
  const auto whole = testing::ReadWith(text, options, projection);
  options.chunk_bytes = 1 + (data[2] & 0x7F);
  MILLRACE_CHECK(testing::ReadWith(text, options, projection).ToString() == whole.ToString());
  MILLRACE_CHECK(testing::ReadSlowly(text, options, projection).ToString(false) ==
                 whole.ToString(false));
  return 0;
}
