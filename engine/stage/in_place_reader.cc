#include "stage/in_place_reader.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "base/reserved_columns.h"
#include "contract/features.h"
#include "stage/file_chunks.h"
#include "stage/hidden_values.h"
#include "stage/row_id.h"
#include "stage/split.h"

namespace millrace::stage {

Status RowsLeftIn(const std::string& source, const std::string& path, const std::string& how) {
  return MakeError(
      ErrorCode::kFileChanged,
      "`" + path + "` of source `" + source + "` " + how + "; its rows were left in it",
      "run again, which ingests it as it is now; `keep_rows: true` at a source has its rows "
      "kept in the workspace");
}

namespace {

/// The columns of the contract that are read. All of them where a record that was no row has to be
/// told by them again, or where they tell how a file is written (CSV).
contract::Contract ReadOf(const contract::Contract& whole, const source::FormatOptions& format,
                          const RowReference& reference, const std::vector<std::string>& columns) {
  const bool tell_format =
      !source::IsTyped(format) && !std::holds_alternative<io::JsonlOptions>(format);
  if (tell_format || !reference.all_are_rows()) return whole;
  contract::Contract narrow = whole;
  std::erase_if(narrow.columns, [&](const contract::Column& column) {
    return std::find(columns.begin(), columns.end(), column.name) == columns.end();
  });
  if (narrow.columns.empty()) narrow.columns.push_back(whole.columns.front());
  narrow.unknown_columns = contract::UnknownColumns::kDrop;
  return narrow;
}

/// Rows of the row groups of a file, or of the pieces of a dataset.
Result<std::vector<int64_t>> RowsByGroup(const source::FileSource& source,
                                         const io::FileInfo& file) {
  std::vector<int64_t> rows;
  if (const auto* dataset = std::get_if<io::DatasetReadOptions>(&source.format)) {
    rows.assign(static_cast<size_t>(io::CountPieces(*dataset)), io::RowsPerPiece(*dataset));
    return rows;
  }
  ARROW_ASSIGN_OR_RAISE(auto input, source.store->OpenForRead(file.key));
  ARROW_ASSIGN_OR_RAISE(const auto groups, io::ListRowGroups(std::move(input)));
  for (const io::RowGroupInfo& group : groups) rows.push_back(group.rows);
  return rows;
}

class InPlaceReader : public RowReader {
 public:
  InPlaceReader(InPlaceJob job, int64_t first_row)
      : job_(std::move(job)),
        contract_(ReadOf(job_.contract, job_.source.format, job_.reference, job_.columns)),
        again_(source::ToReadAgain(job_.source)),
        skip_(first_row) {
    work_.schema = contract::SchemaOf(contract_);
    work_.rows_only = true;
    split_.row_group_begin = job_.reference.row_group_begin;
    split_.row_group_end = job_.reference.row_group_end;
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    for (;;) {
      if (batch_ != nullptr && at_ < batch_->num_rows()) {
        auto piece = PieceOf(*batch_, at_);
        at_ += piece->num_rows();
        return piece;
      }
      at_ = 0;
      batch_.reset();
      SkipFiles();
      if (file_ == job_.files.size()) {
        ARROW_RETURN_NOT_OK(CheckEnd());
        return nullptr;
      }
      const Status read = ReadOn();
      if (read.IsCancelled()) return read;
      // What cannot be read may be another file by now, and that says more.
      ARROW_RETURN_NOT_OK(job_.input.check_unchanged(job_.source, *job_.files[file_]));
      ARROW_RETURN_NOT_OK(read);
      if (chunks_ == nullptr) ++file_;
    }
  }

 private:
  // Whole files before the first row that is wanted.
  void SkipFiles() {
    if (chunks_ != nullptr || !job_.reference.all_are_rows()) return;
    for (; file_ < job_.files.size(); ++file_) {
      const int64_t records = job_.reference.files[file_].records;
      if (skip_ == 0 || skip_ < records) return;
      Pass(records);
    }
  }

  // So many records of the file, all of them rows, need not be read.
  void Pass(int64_t rows) {
    skip_ -= rows;
    records_ += rows;
    rows_ += rows;
  }

  // The next batch, if the next chunk has rows that are wanted; no chunks at the file's end.
  Status ReadOn() {
    if (chunks_ == nullptr) ARROW_RETURN_NOT_OK(OpenFile());
    ARROW_ASSIGN_OR_RAISE(const std::optional<ParsedChunk> chunk, chunks_->Next());
    if (!chunk) {
      chunks_.reset();
      return Status::OK();
    }
    if (chunk->failure) return Differs();
    ARROW_RETURN_NOT_OK(Take(*chunk));
    file_records_ += chunk->records;
    records_ += chunk->records;
    rows_ += chunk->rows->num_rows();
    return Status::OK();
  }

  Status OpenFile() {
    const io::FileInfo& file = *job_.files[file_];
    file_records_ = 0;
    ARROW_ASSIGN_OR_RAISE(binding_, job_.input.bind(contract_, job_.source.name));
    const io::Projection& projection = binding_->projection();
    const RowReference& reference = job_.reference;
    const bool skips = skip_ > 0 && reference.all_are_rows();
    if (skips && source::IsTyped(job_.source.format)) ARROW_RETURN_NOT_OK(SkipGroups(file));
    if (reference.range) {
      ARROW_ASSIGN_OR_RAISE(
          opened_,
          job_.input.open(source::FromBytes(job_.source, *reference.range), file, projection));
    } else {
      ARROW_ASSIGN_OR_RAISE(
          opened_, job_.input.open(split_.row_group_begin > 0
                                       ? source::FromRowGroup(again_, split_.row_group_begin)
                                       : again_,
                                   file, projection));
    }
    ARROW_RETURN_NOT_OK(binding_->BindFile(*opened_->reader->file_schema()));
    chunks_ = std::make_unique<FileChunks>(
        *opened_->reader, *binding_, work_, split_, job_.means.pool,
        FileChunkLimits{job_.means.in_flight_bytes, job_.means.stopped, nullptr});
    return Status::OK();
  }

  // Whole row groups before the first row that is wanted.
  Status SkipGroups(const io::FileInfo& file) {
    ARROW_ASSIGN_OR_RAISE(const std::vector<int64_t> rows, RowsByGroup(job_.source, file));
    const RowReference& reference = job_.reference;
    const auto end =
        reference.row_group_end < 0 ? static_cast<int>(rows.size()) : reference.row_group_end;
    int begin = std::max(reference.row_group_begin, 0);
    if (end > static_cast<int>(rows.size())) return Differs();
    for (; begin + 1 < end && rows[static_cast<size_t>(begin)] <= skip_; ++begin) {
      file_records_ += rows[static_cast<size_t>(begin)];
      Pass(rows[static_cast<size_t>(begin)]);
    }
    split_.row_group_begin = begin;
    split_.row_group_end = end;
    return Status::OK();
  }

  // The columns that are wanted, in their order, from the first row that is.
  Status Take(const ParsedChunk& chunk) {
    const int64_t total = chunk.rows->num_rows();
    const int64_t skipped = std::min(skip_, total);
    skip_ -= skipped;
    if (skipped == total) return Status::OK();
    arrow::ArrayVector arrays;
    arrow::FieldVector fields;
    for (const std::string& name : job_.columns) {
      if (name != kRowIdColumn) {
        const int index = work_.schema->GetFieldIndex(name);
        MILLRACE_CHECK(index >= 0);
        fields.push_back(work_.schema->field(index));
        arrays.push_back(chunk.rows->column(index));
        if (MayHideValues(*arrays.back()->data())) {
          ARROW_ASSIGN_OR_RAISE(arrays.back(), WithoutHiddenValues(arrays.back()));
        }
        continue;
      }
      const std::string prefix = job_.source.name + '/' + job_.files[file_]->key + '#';
      ARROW_ASSIGN_OR_RAISE(
          arrays.emplace_back(),
          RowIds(prefix, job_.reference.first_ordinal + file_records_, chunk.record_of_row));
      fields.push_back(arrow::field(name, arrow::utf8(), false));
    }
    batch_ = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), total, std::move(arrays));
    at_ = skipped;
    return Status::OK();
  }

  Status CheckEnd() const {
    const bool all = records_ == job_.reference.records && rows_ == job_.reference.rows;
    return all ? Status::OK() : Differs();
  }
  Status Differs() const {
    return RowsLeftIn(job_.source.name, job_.reference.files.front().path,
                      "does not give the rows that were read from it");
  }

  const InPlaceJob job_;
  const contract::Contract contract_;  // of what is read
  const source::FileSource again_;
  ChunkWork work_;
  Split split_;  // what is read of a file
  size_t file_ = 0;
  int64_t skip_;
  int64_t file_records_ = 0, records_ = 0, rows_ = 0;
  std::unique_ptr<contract::Binding> binding_;
  std::optional<source::OpenedFile> opened_;
  std::unique_ptr<FileChunks> chunks_;  // behind what it reads
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t at_ = 0;
};

/// The ids of rows where all records are rows: no file is read for them.
class IdReader : public RowReader {
 public:
  IdReader(RowReference reference, int64_t first_row)
      : reference_(std::move(reference)), record_(first_row) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    constexpr int64_t kIdsAtOnce = 8192;
    for (; file_ < reference_.files.size(); record_ -= reference_.files[file_++].records) {
      const RowReference::File& file = reference_.files[file_];
      if (record_ >= file.records) continue;
      std::vector<uint32_t> records(
          static_cast<size_t>(std::min(file.records - record_, kIdsAtOnce)));
      std::iota(records.begin(), records.end(), 0);
      ARROW_ASSIGN_OR_RAISE(auto ids, RowIds(reference_.source + '/' + file.path + '#',
                                             reference_.first_ordinal + record_, records));
      record_ += ids->length();
      const auto schema =
          arrow::schema({arrow::field(std::string(kRowIdColumn), arrow::utf8(), false)});
      const int64_t rows = ids->length();
      return arrow::RecordBatch::Make(schema, rows, {std::move(ids)});
    }
    return nullptr;
  }

 private:
  const RowReference reference_;
  size_t file_ = 0;
  int64_t record_;  // of the file, the next one
};

}  // namespace

std::unique_ptr<RowReader> ReadInPlace(InPlaceJob job, int64_t first_row) {
  const bool ids_alone = job.columns.size() == 1 && job.columns[0] == kRowIdColumn;
  if (ids_alone && job.reference.all_are_rows()) {
    return std::make_unique<IdReader>(std::move(job.reference), first_row);
  }
  return std::make_unique<InPlaceReader>(std::move(job), first_row);
}

}  // namespace millrace::stage
