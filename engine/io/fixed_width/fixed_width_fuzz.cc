// Whatever the bytes: a fixed-width file is read the same in chunks of any size, with every byte
// and record accounted for, and columns that are told are told again. The first byte of the input
// chooses the options.
#include <cstdint>
#include <string>

#include "io/fixed_width/fixed_width_format.h"
#include "io/testing/read_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::io;
  if (size < 1) return 0;
  const uint8_t flags = data[0];
  FixedWidthOptions options;
  if ((flags & 1) != 0) options.columns = {{"a", 0, 3}, {"b", 5, 4}, {"c", 9, (flags & 2) * 2}};
  if ((flags & 4) != 0) options.header = (flags & 8) != 0;
  options.trim = (flags & 16) == 0;
  options.fill_short_rows = (flags & 32) != 0;
  options.unit = (flags & 64) != 0 ? WidthUnit::kBytes : WidthUnit::kCharacters;
  if ((flags & 128) != 0) options.record_bytes_max = 40;
  Projection all;
  all.all = true;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto format = MakeFixedWidthFormat(options);
  const FormatFindings found = format->Examine(text);
  MILLRACE_CHECK(found.confidence >= 0 && found.confidence <= 1);
  MILLRACE_CHECK(found.declaration == format->Examine(text).declaration);
  const auto whole = testing::ReadRows(*format, text, all);
  for (const int64_t chunk_bytes : {1, 50}) {
    options.chunk_bytes = chunk_bytes;
    MILLRACE_CHECK(testing::ReadRows(*MakeFixedWidthFormat(options), text, all) == whole);
  }
  return 0;
}
