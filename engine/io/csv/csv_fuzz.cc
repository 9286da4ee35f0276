// Whatever the bytes: the fast reader and the exact one agree, in chunks of any size, and every
// byte and record is accounted for.
#include <arrow/array.h>

#include <cstdint>
#include <string>

#include "io/csv/csv_reader.h"

namespace millrace::io {
namespace {

// Everything a reading gave, as one text; "error" when the file was refused as a whole.
std::string Reading(const std::string& text, int64_t chunk_bytes, bool exact) {
  CsvOptions options;
  options.chunk_bytes = chunk_bytes;
  options.record_bytes_max = 4096;
  options.force_exact = exact;
  options.guess = true;
  Projection all;
  all.all = true;
  auto reader = OpenCsv(MemoryByteStream(text), options, all);
  if (!reader.ok()) return "error";
  std::string out;
  int64_t bytes = (*reader)->header_bytes(), base = 0;
  while (auto chunk = (*reader)->Next().ValueOrDie()) {
    MILLRACE_CHECK(chunk->byte_offset == bytes);
    const RawBatch batch = (*reader)->Parse(*chunk).ValueOrDie();
    MILLRACE_CHECK(batch.columns->ValidateFull().ok());
    MILLRACE_CHECK(batch.records ==
                   batch.columns->num_rows() + static_cast<int64_t>(batch.rejects.size()));
    bytes += batch.bytes_accounted;
    for (int64_t row = 0; row < batch.columns->num_rows(); ++row) {
      out += std::to_string(base + batch.RecordOfRow(row)) + ':';
      for (const auto& column : batch.columns->columns()) {
        const auto& values = static_cast<const arrow::StringArray&>(*column);
        out += values.IsNull(row) ? "null," : values.GetString(row) + ',';
      }
    }
    for (const Reject& reject : batch.rejects) {
      out += std::to_string(base + reject.record) + reject.rule +
             std::to_string(reject.byte_offset) + '+' + std::to_string(reject.byte_length);
    }
    base += batch.records;
  }
  MILLRACE_CHECK(bytes == static_cast<int64_t>(text.size()));
  return out;
}

// Both readings are cut alike, so that rows and rejects come in the same order.
void Compare(const std::string& text, int64_t chunk_bytes) {
  MILLRACE_CHECK(Reading(text, chunk_bytes, true) == Reading(text, chunk_bytes, false));
}

}  // namespace
}  // namespace millrace::io

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  millrace::io::Compare(text, 1 << 20);
  millrace::io::Compare(text, 100);
  return 0;
}
