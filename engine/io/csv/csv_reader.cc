#include "io/csv/csv_reader.h"

#include <arrow/array/util.h>

#include <algorithm>
#include <map>

#include "io/column_lookup.h"
#include "io/csv/chunk_cutter.h"
#include "io/csv/column_builder.h"
#include "io/csv/detect/detect.h"
#include "io/csv/detect/sample_records.h"
#include "io/csv/detect/tell_dialect.h"
#include "io/csv/field_index.h"
#include "io/csv/header_text.h"
#include "io/csv/open_checks.h"

namespace millrace::io {
namespace {

constexpr int64_t kHeadBytes = kCsvHeadBytes;  // what a dialect is told from
constexpr int kNoColumn = -1;                  // an optional column that the file lacks

ReadAs ReadAsOf(const SniffedCsv& sniffed) {
  ReadAs read_as;
  read_as.encoding = EncodingName(sniffed.dialect.encoding);
  read_as.bom = sniffed.bom;
  read_as.declaration = "dialect: " + DialectYaml(sniffed.dialect);
  read_as.confidence = sniffed.confidence;
  return read_as;
}

class CsvReader : public RecordReader {
 public:
  explicit CsvReader(const CsvOptions& options) : options_(options) {}

  Status Open(std::unique_ptr<ByteStream> stream, const Projection& projection,
              const CsvFileParts& parts) {
    ARROW_RETURN_NOT_OK(csv::CheckOptions(options_));
    std::vector<std::string> wanted;
    for (const FieldRequest& field : projection.fields) wanted.push_back(field.path);
    ARROW_ASSIGN_OR_RAISE(csv::ToldDialect told,
                          csv::TellDialect(std::move(stream), options_, parts, wanted));
    dialect_ = told.sniffed.dialect;
    ARROW_RETURN_NOT_OK(ReadNames(told.head));
    if (!empty_) ARROW_RETURN_NOT_OK(csv::CheckConfidence(told.sniffed, options_));
    sniffed_ = told.sniffed;
    if (!empty_) read_as_ = ReadAsOf(sniffed_);
    ARROW_RETURN_NOT_OK(StartCutting(std::move(told)));
    arrow::FieldVector fields;
    for (const std::string& name : names_) fields.push_back(arrow::field(name, arrow::utf8()));
    file_schema_ = arrow::schema(std::move(fields));
    return Project(projection);
  }

  const std::shared_ptr<arrow::Schema>& file_schema() const override { return file_schema_; }
  Result<std::shared_ptr<Chunk>> Next() override {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<Chunk> chunk, cutter_->Next());
    if (chunk != nullptr || ended_) return chunk;
    ended_ = true;
    if (footerless_ != nullptr) SayFooter();
    const int64_t skipped = (table_ != nullptr ? table_->skipped_behind() : 0) +
                            (footerless_ != nullptr ? footerless_->skipped_behind() : 0);
    return skipped > 0 ? cutter_->Skipped(skipped) : chunk;
  }
  int64_t header_bytes() const override { return header_bytes_; }
  ReadAs read_as() const override { return read_as_; }

  Result<RawBatch> Parse(const Chunk& chunk) const override {
    RawBatch batch;
    batch.bytes_accounted = chunk.bytes_size();
    csv::FieldIndex index;
    index.delimiter_bytes = index_options_.delimiter_bytes;
    if (chunk.skipped_bytes > 0) {
      index.columns = names_.size();
    } else if (chunk.oversize_bytes > 0) {
      batch.rejects.push_back(RejectOversize(chunk));
      index.columns = names_.size();
      index.records = 1;
    } else {
      csv::IndexFields(*scanner_, chunk, index_options_, &index);
      batch.rejects = std::move(index.rejects);
    }
    const auto rows = static_cast<int64_t>(index.rows());
    ARROW_ASSIGN_OR_RAISE(auto built,
                          csv::BuildColumns(chunk, index, index_options_.utf8_columns, dialect_));
    arrow::ArrayVector columns;
    columns.reserve(columns_.size());
    for (size_t i = 0, next = 0; i < columns_.size(); ++i) {
      if (columns_[i] != kNoColumn) {
        columns.push_back(std::move(built[next++]));
      } else {
        ARROW_ASSIGN_OR_RAISE(auto nulls, arrow::MakeArrayOfNull(arrow::utf8(), rows));
        columns.push_back(std::move(nulls));
      }
    }
    batch.columns = arrow::RecordBatch::Make(batch_schema_, rows, std::move(columns));
    batch.records = index.records;
    batch.extents.resize(index.rows());
    for (size_t row = 0; row < index.rows(); ++row) {
      const uint32_t begin = index.row_begins[row];
      batch.extents[row] = {begin, index.End(row, index.columns - 1) - begin};
    }
    batch.record_of_row = std::move(index.record_of_row);
    return batch;
  }

 private:
  Status StartCutting(csv::ToldDialect told) {
    table_ = told.table;
    std::unique_ptr<ByteStream> stream = std::move(told.stream);
    if (dialect_.footer_rows > 0 || told.footer) {
      auto trimmed = csv::MakeFooterlessStream(std::move(stream), CountFooterOf(told));
      footerless_ = trimmed.get();
      stream = std::move(trimmed);
    }
    cutter_ = std::make_unique<csv::ChunkCutter>(std::move(stream), options_);
    ARROW_ASSIGN_OR_RAISE(const std::string_view head, cutter_->Head(kHeadBytes));
    if (static_cast<int64_t>(head.size()) < header_bytes_) {
      return MakeError(ErrorCode::kBadValue, "the footer begins before the header ends",
                       "the file is shorter than `skip_rows`, `header_rows` and `footer_rows` say");
    }
    scanner_ = std::make_unique<csv::Scanner>(dialect_, options_.force_exact);
    cutter_->SetDialect(dialect_, options_.force_exact);
    cutter_->Skip(header_bytes_);
    if (table_ != nullptr) {
      cutter_->StartAt(table_->skipped_before());
      header_bytes_ += table_->skipped_before();
    }
    return Status::OK();
  }

  /// Of a compressed file the end is seen when it is read, and its footer is told then.
  csv::CountFooter CountFooterOf(const csv::ToldDialect& told) const {
    if (!told.footer) {
      return [rows = told.sniffed.dialect.footer_rows](std::string_view) { return rows; };
    }
    return [teller = *told.footer, guess = options_.guess](std::string_view tail) -> Result<int> {
      const csv::Footer footer =
          teller.Find(csv::WholeLines(tail, Encoding::kUtf8, /*to_end=*/true));
      if (footer.doubt.empty() || guess) return footer.rows;
      return MakeError(ErrorCode::kUnknownDialect, footer.doubt,
                       "say in `dialect:` which it is, or take the guess that it is one of them: "
                       "`dialect: guess`");
    };
  }
  void SayFooter() {
    sniffed_.dialect.footer_rows = footerless_->footer_rows();
    if (!empty_) read_as_ = ReadAsOf(sniffed_);
  }

  Status ReadNames(const std::string& given) {
    const csv::PaddedText padded(given);
    const std::string_view head = padded.text();
    const bool torn = static_cast<int64_t>(head.size()) >= kHeadBytes;
    ARROW_ASSIGN_OR_RAISE(csv::HeaderText header, csv::ReadHeader(head, torn, dialect_));
    header_bytes_ = header.bytes;
    empty_ = header.empty;
    if (empty_) return Status::OK();
    names_ = std::move(header.names);
    if (names_.size() > 1) index_options_.header = std::move(header.records);
    if (!options_.column_names.empty()) {
      if (options_.column_names.size() != names_.size()) {
        return MakeError(ErrorCode::kBadValue, std::to_string(options_.column_names.size()) +
                                                   " column names are declared, the file has " +
                                                   std::to_string(names_.size()) + " columns");
      }
      names_ = options_.column_names;
    }
    return CheckNamesDiffer();
  }

  Status CheckNamesDiffer() const {
    std::map<std::string, int> seen;
    std::vector<std::string> twice;
    for (const std::string& name : names_) {
      if (++seen[name] == 2) twice.push_back(name);
    }
    if (twice.empty()) return Status::OK();
    return MakeError(ErrorCode::kBadValue, "the header names a column twice: " + QuotedNames(twice),
                     "give the columns names with `columns:`");
  }

  Status Project(const Projection& projection) {
    std::vector<FieldRequest> wanted = projection.fields;
    if (projection.all) {
      for (const std::string& name : names_) wanted.emplace_back().path = name;
    }
    arrow::FieldVector fields;
    std::vector<std::string> missing;
    for (const FieldRequest& request : wanted) {
      fields.push_back(arrow::field(request.path, arrow::utf8()));
      const auto found = std::find(names_.begin(), names_.end(), request.path);
      const bool there = found != names_.end();
      if (!there && !request.optional) missing.push_back(request.path);
      columns_.push_back(there ? static_cast<int>(found - names_.begin()) : kNoColumn);
      if (there) index_options_.utf8_columns.push_back(columns_.back());
    }
    batch_schema_ = arrow::schema(std::move(fields));
    if (empty_) {  // a file of no bytes has no rows, and so lacks nothing
      file_schema_ = batch_schema_;
      return Status::OK();
    }
    if (!missing.empty()) return MissingColumns(missing, names_);
    ARROW_RETURN_NOT_OK(CheckUnknownColumns(projection, names_));
    index_options_.columns = names_.size();
    index_options_.fill_short_rows = options_.fill_short_rows;
    index_options_.crlf = scanner_->line_end() == '\n';
    index_options_.delimiter_bytes = static_cast<uint32_t>(dialect_.delimiter.size());
    index_options_.comment = dialect_.comment;
    index_options_.trailing_delimiter = dialect_.trailing_delimiter;
    index_options_.decoded = dialect_.encoding != Encoding::kUtf8;
    return Status::OK();
  }

  Reject RejectOversize(const Chunk& chunk) const {
    const auto held = static_cast<uint32_t>(chunk.bytes->size());
    Reject reject =
        csv::RejectRecord(chunk, 0, 0, held, "csv.record_too_long", "the record is too long");
    reject.byte_length = chunk.oversize_bytes;
    reject.value = std::to_string(chunk.oversize_bytes);
    reject.threshold = std::to_string(options_.record_bytes_max);
    return reject;
  }

  CsvOptions options_;
  std::unique_ptr<csv::ChunkCutter> cutter_;
  const csv::TrimmedStream* table_ = nullptr;          // in the cutter's stream; null: not trimmed
  const csv::FooterlessStream* footerless_ = nullptr;  // likewise
  bool ended_ = false;
  CsvDialect dialect_;
  SniffedCsv sniffed_;
  ReadAs read_as_;
  std::unique_ptr<csv::Scanner> scanner_;
  std::vector<std::string> names_;
  std::vector<int> columns_;  // of the file, one per column of the batch, or kNoColumn
  csv::IndexOptions index_options_;
  std::shared_ptr<arrow::Schema> file_schema_, batch_schema_;
  int64_t header_bytes_ = 0;
  bool empty_ = false;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenCsv(std::unique_ptr<ByteStream> stream,
                                              const CsvOptions& options,
                                              const Projection& projection,
                                              const CsvFileParts& parts) {
  auto reader = std::make_unique<CsvReader>(options);
  ARROW_RETURN_NOT_OK(reader->Open(std::move(stream), projection, parts));
  return reader;
}

}  // namespace millrace::io
