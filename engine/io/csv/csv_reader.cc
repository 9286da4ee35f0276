#include "io/csv/csv_reader.h"

#include <arrow/array/util.h>

#include <algorithm>
#include <map>

#include "io/column_lookup.h"
#include "io/csv/chunk_cutter.h"
#include "io/csv/column_builder.h"
#include "io/csv/field_index.h"
#include "io/csv/open_checks.h"
#include "io/csv/record_text.h"

namespace millrace::io {
namespace {

constexpr int64_t kHeadBytes = csv::kHeaderBytesMax;  // also what is sniffed
constexpr int kNoColumn = -1;                         // an optional column that the file lacks

class CsvReader : public RecordReader {
 public:
  CsvReader(std::unique_ptr<ByteStream> stream, const CsvOptions& options)
      : cutter_(std::move(stream), options), options_(options) {}

  Status Open(const Projection& projection) {
    ARROW_RETURN_NOT_OK(csv::CheckOptions(options_));
    ARROW_ASSIGN_OR_RAISE(const std::string_view head, cutter_.Head(kHeadBytes));
    ARROW_RETURN_NOT_OK(csv::CheckEncoding(head));
    DecideDialect(head, projection);
    ARROW_RETURN_NOT_OK(ReadNames(head));
    scanner_ = std::make_unique<csv::Scanner>(dialect_, options_.force_exact);
    cutter_.SetDialect(dialect_, options_.force_exact);
    if (!head.empty()) cutter_.Skip(header_bytes_);
    arrow::FieldVector fields;
    for (const std::string& name : names_) fields.push_back(arrow::field(name, arrow::utf8()));
    file_schema_ = arrow::schema(std::move(fields));
    return Project(projection);
  }

  const std::shared_ptr<arrow::Schema>& file_schema() const override { return file_schema_; }
  Result<std::shared_ptr<Chunk>> Next() override { return cutter_.Next(); }
  int64_t header_bytes() const override { return header_bytes_; }

  Result<RawBatch> Parse(const Chunk& chunk) const override {
    RawBatch batch;
    batch.bytes_accounted = chunk.bytes_size();
    csv::FieldIndex index;
    if (chunk.oversize_bytes > 0) {
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
  void DecideDialect(std::string_view head, const Projection& projection) {
    dialect_ = SniffCsv(head, options_).dialect;
    if (options_.header || dialect_.header || projection.fields.empty()) return;
    // A first record that holds the wanted names is a header, whatever else it looks like.
    const csv::TextRecord first = FirstRecord(head);
    const bool all_there = std::all_of(
        projection.fields.begin(), projection.fields.end(), [&first](const FieldRequest& request) {
          return std::any_of(
              first.fields.begin(), first.fields.end(),
              [&](const csv::TextField& field) { return field.text == request.path; });
        });
    if (all_there) dialect_.header = true;
  }

  // Without the byte order mark and the blank lines that come first.
  std::string_view FirstText(std::string_view head) const {
    const std::string_view text = head.substr(dialect_.bom ? 3 : 0);
    return text.substr(csv::BlankBytes(text, dialect_));
  }
  csv::TextRecord FirstRecord(std::string_view head) const {
    return csv::ReadRecord(FirstText(head), dialect_);
  }

  Status ReadNames(std::string_view head) {
    header_bytes_ = dialect_.bom ? 3 : 0;
    const std::string_view text = FirstText(head);
    empty_ = head.size() == static_cast<size_t>(header_bytes_) || (dialect_.header && text.empty());
    if (dialect_.header) header_bytes_ = static_cast<int64_t>(head.size() - text.size());
    const bool torn = static_cast<int64_t>(head.size()) >= kHeadBytes;
    if (empty_ && !torn) return Status::OK();
    const csv::TextRecord first = FirstRecord(head);
    if (dialect_.header) {
      ARROW_RETURN_NOT_OK(csv::CheckHeader(first, text.substr(0, first.bytes), torn));
      header_bytes_ += static_cast<int64_t>(first.bytes);
    }
    for (size_t i = 0; i < first.fields.size(); ++i) {
      const std::string& text = first.fields[i].text;
      names_.push_back(dialect_.header && !text.empty() ? text : "column_" + std::to_string(i + 1));
    }
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
    index_options_.line_end = scanner_->line_end();
    index_options_.crlf = scanner_->line_end() == '\n';
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

  csv::ChunkCutter cutter_;
  CsvOptions options_;
  CsvDialect dialect_;
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
                                              const Projection& projection) {
  auto reader = std::make_unique<CsvReader>(std::move(stream), options);
  ARROW_RETURN_NOT_OK(reader->Open(projection));
  return reader;
}

}  // namespace millrace::io
