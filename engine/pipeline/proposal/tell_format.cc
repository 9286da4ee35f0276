#include "pipeline/proposal/tell_format.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include <algorithm>
#include <set>
#include <utility>

#include "io/encoding/text_stream.h"
#include "io/fixed_width/fixed_width_format.h"
#include "io/xml/xml_format.h"
#include "io/zip/zip_store.h"
#include "pipeline/file_sample.h"
#include "pipeline/input_files.h"
#include "source/format_extension.h"
#include "source/sniff_format.h"

namespace millrace::pipeline {
namespace {

constexpr int64_t kHeadBytes = 256 << 10;
constexpr int64_t kXmlSampleBytes = 1 << 20;
// A document that gives so few records was hardly meant to.
constexpr int64_t kFewXmlRecords = 3;

// Of names that say no format, those that data has.
bool MayBeData(const std::string& key) {
  return source::HasExtension(key, {".txt", ".dat", ".data", ".tab", ".psv", ".asc", ".out"}) ||
         key.substr(key.rfind('/') + 1).find('.') == std::string::npos;
}

Status NoFormat(const std::string& why) {
  return MakeError(ErrorCode::kUnknownDialect, why,
                   "csv, jsonl, parquet, fixed_width and xml can be read");
}

bool IsText(std::string_view head) {
  const io::DetectedEncoding detected = io::DetectEncoding(head, {});
  const bool wide =
      detected.encoding == io::Encoding::kUtf16Le || detected.encoding == io::Encoding::kUtf16Be;
  return wide || head.find('\0') == std::string_view::npos;
}

// Names that are told apart; an empty one keeps the name its place gives it.
std::vector<std::string> Distinct(const std::vector<std::string>& names) {
  std::set<std::string> taken;
  std::vector<std::string> distinct;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string stem = names[i].empty() ? "column_" + std::to_string(i + 1) : names[i];
    std::string name = stem;
    for (int n = 2; !taken.insert(name).second; ++n) name = stem + "_" + std::to_string(n);
    distinct.push_back(std::move(name));
  }
  return distinct;
}

class Telling {
 public:
  Telling(const std::shared_ptr<io::Store>& store, const io::FileInfo& info) {
    source_.name = "file";
    source_.store = store;
    source_.files = {info};
    file_.info = info;
  }

  Result<CatalogFile> Run(bool asked_for) {
    if (file_.info.bytes == 0) return NoFormat("the file is empty");
    ARROW_RETURN_NOT_OK(ReadHead());
    ARROW_RETURN_NOT_OK(Choose(asked_for));
    file_.format_name = source::FormatName(file_.format);
    if (file_.columns.empty()) return NoFormat("no columns are to be seen in it");
    return std::move(file_);
  }

 private:
  const io::FileInfo& info() const { return file_.info; }

  Status ReadHead() {
    ARROW_ASSIGN_OR_RAISE(auto opened, source_.store->OpenForRead(info().key));
    ARROW_ASSIGN_OR_RAISE(auto magic, opened->ReadAt(0, 4));
    parquet_ = magic->ToString() == "PAR1";
    if (parquet_) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(auto stream, io::OpenByteStream(std::move(opened), /*hash=*/false));
    ARROW_ASSIGN_OR_RAISE(head_, io::PeekBytes(kHeadBytes, &stream));
    return Status::OK();
  }

  Status Choose(bool asked_for) {
    const bool zipped = !io::SplitZipKey(info().key).member.empty();
    if (parquet_ && zipped) return NoFormat("Parquet in a zip archive is not read; unpack it");
    if (parquet_) return Parquet();
    const std::string& key = info().key;
    for (const source::FormatOptions& format : source::KnownFormats()) {
      if (!source::HasExtension(key, source::ExtensionsOf(format))) continue;
      if (std::holds_alternative<io::CsvOptions>(format)) return Csv();
      if (std::holds_alternative<io::JsonlOptions>(format)) return Jsonl();
      if (source::FormatName(format) == "xml") return Xml();
      if (source::FormatName(format) == "fixed_width") return FixedWidth();
    }
    if (!asked_for && !MayBeData(key)) return NoFormat("its name says no format that is read");
    return ByContent();
  }

  Status ByContent() {
    if (!IsText(head_)) return NoFormat("it is no text and no Parquet");
    const size_t mark = head_.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;
    const size_t first = head_.find_first_not_of(" \t\r\n", mark);
    const char begin = first == std::string::npos ? ' ' : head_[first];
    if (begin == '{' || begin == '[') {
      const Status json = Jsonl();
      if (json.ok() && !file_.columns.empty()) return json;
    }
    if (begin == '<') {
      const Status xml = Xml();
      if (xml.ok() && !file_.columns.empty()) return xml;
    }
    const io::FixedWidthLayout layout = FixedLayout();
    const Status csv = Csv();
    const bool good_csv = csv.ok() && file_.confidence >= io::kDialectConfidenceMin &&
                          file_.columns.size() > 1 && delimiter_ != " ";
    if (layout.confidence >= io::kFixedWidthConfidenceMin && !good_csv) return FixedWidth();
    if (csv.ok() && (good_csv || file_.columns.size() > 1)) return csv;
    return NoFormat("its columns cannot be told");
  }

  Status Parquet() {
    file_.format = io::ParquetReadOptions{};
    file_.reasons = {"Parquet names its columns and types"};
    return Columns();
  }

  Status Jsonl() {
    file_.format = io::JsonlOptions{};
    return Columns();
  }

  Status Csv() {
    io::CsvOptions options;
    source_.format = options;
    ARROW_ASSIGN_OR_RAISE(const io::SniffedCsv sniffed, source::SniffDialect(source_, info()));
    file_.confidence = sniffed.confidence;
    file_.reasons = sniffed.reasons;
    file_.dialect = io::DialectYaml(sniffed.dialect);
    delimiter_ = sniffed.dialect.delimiter;
    options.guess = sniffed.confidence < io::kDialectConfidenceMin;
    file_.format = options;
    const Status columns = Columns();
    if (columns.ok() || !sniffed.dialect.header()) return columns;
    return NameColumns(sniffed.dialect, options, columns);
  }

  // A header that names a column twice, or cannot be read as one, is read as a record.
  Status NameColumns(const io::CsvDialect& dialect, io::CsvOptions options,
                     const Status& otherwise) {
    if (CodeOf(otherwise) != ErrorCode::kBadValue) return otherwise;
    io::CsvOptions plain = options;
    plain.header_rows = 0;
    plain.skip_rows = dialect.skip_rows;
    source_.format = plain;
    ARROW_ASSIGN_OR_RAISE(const FileSample sample, SampleFile(source_, info(), 1));
    if (sample.batches.empty() || sample.batches[0]->num_rows() == 0) return otherwise;
    std::vector<std::string> names;
    for (const auto& column : sample.batches[0]->columns()) {
      names.push_back(
          column->IsNull(0) ? "" : static_cast<const arrow::StringArray&>(*column).GetString(0));
    }
    options.column_names = Distinct(names);
    file_.column_names = options.column_names;
    file_.format = options;
    return Columns();
  }

  io::FixedWidthLayout FixedLayout() const {
    std::string_view head = head_;
    if (head.substr(0, 3) == "\xEF\xBB\xBF") head.remove_prefix(3);
    return io::InferFixedWidth(head, /*header=*/true, io::WidthUnit::kCharacters);
  }

  Status FixedWidth() {
    const io::FixedWidthLayout layout = FixedLayout();
    io::FixedWidthOptions options;
    file_.confidence = layout.confidence;
    file_.reasons = layout.reasons;
    file_.declaration = io::FixedWidthDeclaration(layout.columns) + "header: true\n";
    if (layout.confidence < io::kFixedWidthConfidenceMin) {
      options.columns = layout.columns;
      options.header = true;
    }
    file_.format = io::MakeFixedWidthFormat(options);
    return Columns();
  }

  Status Xml() {
    file_.format = io::MakeXmlFormat({});
    file_.reasons = {"records are the children of the root element"};
    ARROW_RETURN_NOT_OK(Columns());
    source_.format = file_.format;
    ARROW_ASSIGN_OR_RAISE(const FileSample sample, SampleFile(source_, info(), kXmlSampleBytes));
    if (sample.records > kFewXmlRecords) return Status::OK();
    // "list/entry[2]/title": entries are what there are many of.
    std::string record;
    size_t depth_least = std::string::npos;
    for (const std::string& column : file_.columns) {
      const size_t second = column.find("[2]");
      if (second == std::string::npos) continue;
      const std::string path = column.substr(0, second);
      const auto depth = static_cast<size_t>(std::count(path.begin(), path.end(), '/'));
      if (depth >= depth_least) continue;
      depth_least = depth;
      record = path.substr(path.rfind('/') + 1);
    }
    if (record.empty()) return Status::OK();
    io::XmlOptions options;
    options.record = record;
    file_.format = io::MakeXmlFormat(options);
    file_.declaration = record;
    file_.confidence = 0.7;
    file_.reasons = {"records are the elements that repeat"};
    return Columns();
  }

  Status Columns() {
    file_.columns.clear();
    source_.format = file_.format;
    ARROW_ASSIGN_OR_RAISE(const auto schema, SchemaOfFile(source_, info()));
    file_.columns = schema->field_names();
    return Status::OK();
  }

  source::FileSource source_;
  CatalogFile file_;
  std::string head_, delimiter_;
  bool parquet_ = false;
};

}  // namespace

Result<CatalogFile> TellFile(const std::shared_ptr<io::Store>& store, const io::FileInfo& info,
                             bool asked_for) {
  return Telling(store, info).Run(asked_for);
}

}  // namespace millrace::pipeline
