// Whatever the bytes: the fast reader and the exact one agree, in chunks of any size, and every
// byte and record is accounted for.
#include <cstdint>
#include <string>

#include "io/csv/csv_reader.h"
#include "io/testing/read_rows.h"

namespace millrace::io {
namespace {

testing::RowsRead Read(const std::string& text, int64_t chunk_bytes, bool exact) {
  CsvOptions options;
  options.chunk_bytes = chunk_bytes;
  options.record_bytes_max = 4096;
  options.force_exact = exact;
  options.guess = true;
  options.encoding = Encoding::kUtf8;
  Projection all;
  all.all = true;
  return testing::ReadRows(OpenCsv(MemoryByteStream(text), options, all), text);
}

}  // namespace
}  // namespace millrace::io

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using millrace::io::Read;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto whole = Read(text, 1 << 20, /*exact=*/true);
  for (const int64_t chunk_bytes : {1 << 20, 100}) {
    MILLRACE_CHECK(Read(text, chunk_bytes, /*exact=*/false) == whole);
    MILLRACE_CHECK(Read(text, chunk_bytes, /*exact=*/true) == whole);
  }
  return 0;
}
