#include "source/sniff_format.h"

#include <arrow/io/interfaces.h>

#include "io/fixed_width/fixed_width_format.h"
#include "io/xml/xml_format.h"
#include "source/format_extension.h"

namespace millrace::source {
namespace {

using TextFormatPtr = std::shared_ptr<const io::TextFormat>;

constexpr int64_t kHeadBytes = 4096;

/// The beginning of the text; what can be read of it, where the file is damaged.
Result<std::string> TextHead(std::shared_ptr<arrow::io::RandomAccessFile> file) {
  ARROW_ASSIGN_OR_RAISE(auto stream, io::OpenByteStream(std::move(file), /*hash=*/false));
  std::string head(kHeadBytes, '\0');
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes,
                        stream->Read(kHeadBytes, reinterpret_cast<uint8_t*>(head.data())));
  head.resize(static_cast<size_t>(bytes));
  if (head.rfind("\xEF\xBB\xBF", 0) == 0) head.erase(0, 3);
  return head;
}

}  // namespace

std::string_view FormatName(const FormatOptions& format) {
  if (std::holds_alternative<io::CsvOptions>(format)) return "csv";
  if (const auto* other = std::get_if<TextFormatPtr>(&format)) return (*other)->name();
  if (std::holds_alternative<io::DatasetReadOptions>(format)) return "dataset";
  return std::holds_alternative<io::JsonlOptions>(format) ? "jsonl" : "parquet";
}

const std::vector<FormatOptions>& KnownFormats() {
  static const auto* formats = new std::vector<FormatOptions>{
      io::CsvOptions(),         io::JsonlOptions(),
      io::ParquetReadOptions(), io::MakeFixedWidthFormat({}),
      io::MakeXmlFormat({}),
  };
  return *formats;
}

bool ColumnsVary(const FormatOptions& format) {
  if (const auto* other = std::get_if<TextFormatPtr>(&format)) return (*other)->columns_vary();
  return std::holds_alternative<io::JsonlOptions>(format);
}

Result<FormatOptions> SniffFormat(io::Store& store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(auto file, store.OpenForRead(key));
  ARROW_ASSIGN_OR_RAISE(auto magic, file->ReadAt(0, 4));
  if (magic->ToString() == "PAR1") return io::ParquetReadOptions();
  for (const FormatOptions& format : KnownFormats()) {
    if (HasExtension(key, ExtensionsOf(format))) return format;
  }
  ARROW_ASSIGN_OR_RAISE(const std::string head, TextHead(std::move(file)));
  const size_t first = head.find_first_not_of(" \t\r\n");
  const bool json = first != std::string::npos && (head[first] == '{' || head[first] == '[');
  if (json) return io::JsonlOptions();
  return io::CsvOptions();
}

}  // namespace millrace::source
