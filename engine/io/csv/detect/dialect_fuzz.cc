// Whatever the bytes: a dialect is told, always the same one, and declaring it reads what guessing
// it reads, in chunks of any size, with every byte accounted for.
#include <cstdint>
#include <string>

#include "io/csv/csv_reader.h"
#include "io/encoding/text_stream.h"
#include "io/testing/read_rows.h"

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
  if (dialect.footer_rows != kFooterUnknown) options.footer_rows = dialect.footer_rows;
  options.trailing_delimiter = dialect.trailing_delimiter;
  if (dialect.table > 0) options.table = dialect.table;
  options.encoding = dialect.encoding;
  return options;
}

// What the reader's offsets count.
std::string Decoded(const std::string& text, Encoding encoding) {
  TextStream opened = OpenTextStream(MemoryByteStream(text), encoding, {}).ValueOrDie();
  std::string decoded, block(1 << 16, '\0');
  while (true) {
    const int64_t got =
        opened.stream
            ->Read(static_cast<int64_t>(block.size()), reinterpret_cast<uint8_t*>(block.data()))
            .ValueOrDie();
    if (got == 0) return decoded;
    decoded.append(block, 0, static_cast<size_t>(got));
  }
}

testing::RowsRead Read(const std::string& text, CsvOptions options, const std::string& decoded) {
  options.record_bytes_max = 4096;
  options.guess = true;
  Projection all;
  all.all = true;
  return testing::ReadRows(OpenCsv(MemoryByteStream(text), options, all), decoded);
}

void Check(const std::string& text) {
  const SniffedCsv told = SniffCsv(MemoryByteStream(text), {}).ValueOrDie();
  const SniffedCsv again = SniffCsv(MemoryByteStream(text), {}).ValueOrDie();
  MILLRACE_CHECK(told.confidence >= 0 && told.confidence <= 1);
  MILLRACE_CHECK(told.confidence == again.confidence && told.reasons == again.reasons);
  MILLRACE_CHECK(DialectYaml(told.dialect) == DialectYaml(again.dialect));
  const std::string decoded = Decoded(text, told.dialect.encoding);
  CsvOptions declared = Declared(told.dialect);
  const testing::RowsRead reading = Read(text, declared, decoded);
  if (told.dialect.table == 0) MILLRACE_CHECK(Read(text, CsvOptions(), decoded) == reading);
  declared.chunk_bytes = 50;
  MILLRACE_CHECK(Read(text, declared, decoded) == reading);
  declared.force_exact = true;
  MILLRACE_CHECK(Read(text, declared, decoded) == reading);
}

}  // namespace
}  // namespace millrace::io

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::io::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
