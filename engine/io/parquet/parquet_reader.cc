#include "io/parquet/parquet_reader.h"

#include <arrow/compute/initialize.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>

#include "io/parquet/column_pool.h"
#include "io/parquet/rows_within.h"
#include "io/typed/typed_projection.h"

namespace millrace::io {
namespace {

Status Corrupt(const std::string& what) {
  return MakeError(ErrorCode::kCorruptFile, "not a whole Parquet file: " + what);
}

constexpr int64_t kChunkBytes = 4 << 20;
constexpr int64_t kWholeGroupBytes = 8 << 20;  // compressed

Status CorruptUnlessIo(const Status& status) {
  if (status.ok() || status.detail() != nullptr || status.IsOutOfMemory()) return status;
  return Corrupt(status.message());
}

Result<std::unique_ptr<parquet::ParquetFileReader>> OpenFileReader(
    std::shared_ptr<arrow::io::RandomAccessFile> file) {
  try {
    parquet::ReaderProperties properties(ColumnPool());
    properties.enable_buffered_stream();  // columns are read in small pieces, not as a whole
    properties.set_buffer_size(256 << 10);
    return parquet::ParquetFileReader::Open(std::move(file), properties);
  } catch (const std::exception& e) {
    return Corrupt(e.what());
  }
}

// Small row groups are fetched as a whole, in few requests. Of others, which may hold hundreds of
// megabytes, each column is read in small pieces.
Result<parquet::ArrowReaderProperties> HowToRead(const parquet::FileMetaData& metadata) {
  int64_t largest = 0;
  try {
    for (int i = 0; i < metadata.num_row_groups(); ++i) {
      largest = std::max(largest, metadata.RowGroup(i)->total_compressed_size());
    }
  } catch (const std::exception& e) {
    return Corrupt(e.what());
  }
  parquet::ArrowReaderProperties properties;
  properties.set_pre_buffer(largest <= kWholeGroupBytes);
  return properties;
}

void AddLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.column_index >= 0) leaves->push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

class ParquetReader : public RecordReader {
 public:
  Status Open(std::shared_ptr<arrow::io::RandomAccessFile> file, const ParquetReadOptions& options,
              const Projection& projection) {
    ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
    ARROW_ASSIGN_OR_RAISE(auto parquet, OpenFileReader(std::move(file)));
    ARROW_ASSIGN_OR_RAISE(const auto properties, HowToRead(*parquet->metadata()));
    auto made = parquet::arrow::FileReader::Make(ColumnPool(), std::move(parquet), properties);
    ARROW_RETURN_NOT_OK(CorruptUnlessIo(made.status()));
    reader_ = *std::move(made);
    std::shared_ptr<arrow::Schema> stored;
    ARROW_RETURN_NOT_OK(CorruptUnlessIo(reader_->GetSchema(&stored)));
    row_group_ = options.row_group_begin - 1;
    row_group_end_ = options.row_group_end < 0 ? reader_->num_row_groups() : options.row_group_end;
    ARROW_ASSIGN_OR_RAISE(columns_, TypedProjection::Make(stored, projection));
    for (const int column : columns_.used()) {
      AddLeaves(reader_->manifest().schema_fields[static_cast<size_t>(column)], &leaves_);
    }
    const Result<int64_t> rows =
        RowsWithin(*reader_->parquet_reader()->metadata(), leaves_, row_group_ + 1, row_group_end_,
                   kChunkBytes, options.rows_per_chunk);
    ARROW_RETURN_NOT_OK(CorruptUnlessIo(rows.status()));
    reader_->set_batch_size(*rows);
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& file_schema() const override {
    return columns_.file_schema();
  }
  int64_t header_bytes() const override { return 0; }

  Result<std::shared_ptr<Chunk>> Next() override {
    for (;;) {
      if (batches_) {
        std::shared_ptr<arrow::RecordBatch> batch;
        ARROW_RETURN_NOT_OK(CorruptUnlessIo(batches_->ReadNext(&batch)));
        if (batch) return MakeChunk(std::move(batch));
        batches_.reset();
      }
      if (row_group_ + 1 >= row_group_end_) return nullptr;
      ARROW_RETURN_NOT_OK(OpenRowGroup(++row_group_));
    }
  }

  Result<RawBatch> Parse(const Chunk& chunk) const override {
    auto batch = columns_.Parse(chunk);  // fails where a dictionary's code has no value
    ARROW_RETURN_NOT_OK(CorruptUnlessIo(batch.status()));
    return batch;
  }

 private:
  Status OpenRowGroup(int row_group) {
    first_row_ = 0;
    if (leaves_.empty()) {  // no column is wanted, but the rows are
      const int64_t rows = reader_->parquet_reader()->metadata()->RowGroup(row_group)->num_rows();
      ARROW_ASSIGN_OR_RAISE(batches_, arrow::RecordBatchReader::Make({arrow::RecordBatch::Make(
                                          arrow::schema({}), rows, arrow::ArrayVector())}));
      return Status::OK();
    }
    auto batches = reader_->GetRecordBatchReader({row_group}, leaves_);
    ARROW_RETURN_NOT_OK(CorruptUnlessIo(batches.status()));
    batches_ = *std::move(batches);
    return Status::OK();
  }

  Result<std::shared_ptr<Chunk>> MakeChunk(std::shared_ptr<arrow::RecordBatch> batch) {
    auto chunk = std::make_shared<Chunk>();
    chunk->index = index_++;
    chunk->row_group = row_group_;
    chunk->first_row = first_row_;
    chunk->rows = batch->num_rows();
    first_row_ += chunk->rows;
    chunk->decoded = std::move(batch);
    return chunk;
  }

  std::unique_ptr<parquet::arrow::FileReader> reader_;
  TypedProjection columns_;
  std::vector<int> leaves_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;  // of row_group_
  int row_group_ = -1, row_group_end_ = 0;
  int64_t first_row_ = 0, index_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordReader>> OpenParquet(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                  const ParquetReadOptions& options,
                                                  const Projection& projection) {
  auto reader = std::make_unique<ParquetReader>();
  ARROW_RETURN_NOT_OK(reader->Open(std::move(file), options, projection));
  return reader;
}

Result<std::vector<RowGroupInfo>> ListRowGroups(std::shared_ptr<arrow::io::RandomAccessFile> file) {
  ARROW_ASSIGN_OR_RAISE(auto parquet, OpenFileReader(std::move(file)));
  std::vector<RowGroupInfo> groups;
  const auto metadata = parquet->metadata();
  for (int i = 0; i < metadata->num_row_groups(); ++i) {
    const auto group = metadata->RowGroup(i);
    groups.push_back({group->num_rows(), group->total_compressed_size()});
  }
  return groups;
}

}  // namespace millrace::io
