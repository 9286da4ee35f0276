// Whatever the bytes: a dialect is told, always the same one, and declaring it reads what guessing
// it reads, in chunks of any size, with every byte accounted for.
#include <arrow/array.h>

#include <cstdint>
#include <string>

#include "io/csv/csv_reader.h"
#include "io/encoding/text_stream.h"

namespace millrace::io {
namespace {

CsvOptions Declared(const CsvDialect& dialect) {
  CsvOptions options;
  options.delimiter = dialect.delimiter;
  options.quote = dialect.quote;
  options.escape = dialect.escape;
  options.newline = dialect.newline;
  options.comment = dialect.comment;
  options.header_rows = dialect.header_rows;
  options.skip_rows = dialect.skip_rows;
  options.footer_rows = dialect.footer_rows;
  options.trailing_delimiter = dialect.trailing_delimiter;
  if (dialect.table > 0) options.table = dialect.table;
  options.encoding = dialect.encoding;
  return options;
}

// The decoded bytes of the file: what the byte equation is about.
int64_t DecodedBytes(const std::string& text, Encoding encoding) {
  TextStream opened = OpenTextStream(MemoryByteStream(text), encoding, {}).ValueOrDie();
  std::string block(1 << 16, '\0');
  int64_t bytes = 0;
  while (true) {
    const int64_t got =
        opened.stream
            ->Read(static_cast<int64_t>(block.size()), reinterpret_cast<uint8_t*>(block.data()))
            .ValueOrDie();
    if (got == 0) return bytes;
    bytes += got;
  }
}

std::string Reading(const std::string& text, CsvOptions options, int64_t decoded_bytes) {
  options.record_bytes_max = 4096;
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
    bytes += batch.bytes_accounted;
    for (int64_t row = 0; row < batch.columns->num_rows(); ++row) {
      out += std::to_string(base + batch.RecordOfRow(row)) + ':';
      for (const auto& column : batch.columns->columns()) {
        const auto& values = static_cast<const arrow::StringArray&>(*column);
        out += values.IsNull(row) ? "null," : values.GetString(row) + ',';
      }
    }
    base += batch.records;
  }
  MILLRACE_CHECK(bytes == decoded_bytes);
  return out;
}

void Check(const std::string& text) {
  const SniffedCsv told = SniffCsv(MemoryByteStream(text), {}).ValueOrDie();
  const SniffedCsv again = SniffCsv(MemoryByteStream(text), {}).ValueOrDie();
  MILLRACE_CHECK(told.confidence >= 0 && told.confidence <= 1);
  MILLRACE_CHECK(told.confidence == again.confidence && told.reasons == again.reasons);
  MILLRACE_CHECK(DialectYaml(told.dialect) == DialectYaml(again.dialect));
  const int64_t bytes = DecodedBytes(text, told.dialect.encoding);
  CsvOptions declared = Declared(told.dialect);
  const std::string reading = Reading(text, declared, bytes);
  if (told.dialect.table == 0) MILLRACE_CHECK(Reading(text, CsvOptions(), bytes) == reading);
  declared.chunk_bytes = 50;
  MILLRACE_CHECK(Reading(text, declared, bytes) == reading);
  declared.force_exact = true;
  MILLRACE_CHECK(Reading(text, declared, bytes) == reading);
}

}  // namespace
}  // namespace millrace::io

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::io::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
