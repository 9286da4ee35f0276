#include "io/typed/dataset_reader.h"

#include <arrow/array.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <cstring>

#include "base/sha256.h"
#include "io/typed/typed_projection.h"

namespace millrace::io {
namespace {

constexpr int64_t kRowsPerChunkMax = 65536;
constexpr int64_t kBytesPerChunk = 8 << 20;
constexpr int64_t kRowsPerPieceMax = int64_t{1} << 22;

int64_t PowerOfTwoUpTo(int64_t number) {
  int64_t power = 1;
  while (power <= number / 2) power *= 2;
  return power;
}

int64_t RowsIn(const DatasetInput& dataset, int64_t bytes) {
  const int64_t row_bytes =
      std::max<int64_t>(dataset.bytes / std::max<int64_t>(dataset.rows, 1), 1);
  return std::max<int64_t>(bytes / row_bytes, 1);
}

class DatasetReader : public RecordReader {
 public:
  DatasetReader(const DatasetReadOptions& options, TypedProjection columns)
      : dataset_(options.dataset),
        columns_(std::move(columns)),
        rows_per_piece_(RowsPerPiece(options)),
        rows_per_chunk_(std::min(RowsIn(*dataset_, kBytesPerChunk), kRowsPerChunkMax)),
        pieces_(CountPieces(options)),
        piece_(options.piece_begin - 1) {}

  const std::shared_ptr<arrow::Schema>& file_schema() const override {
    return columns_.file_schema();
  }
  int64_t header_bytes() const override { return 0; }

  Result<std::shared_ptr<Chunk>> Next() override {
    while (pending_ == nullptr || pending_->num_rows() == 0) {
      if (batches_) {
        const Status read = batches_->ReadNext(&pending_);
        if (!read.ok()) return DatasetError(read);
        if (pending_ == nullptr) ARROW_RETURN_NOT_OK(EndPiece());
        if (pending_ != nullptr) ARROW_RETURN_NOT_OK(CheckBatch(*dataset_->schema, *pending_));
        continue;
      }
      if (piece_ + 1 >= pieces_) return nullptr;
      ARROW_RETURN_NOT_OK(OpenPiece(++piece_));
    }
    return MakeChunk();
  }

  Result<RawBatch> Parse(const Chunk& chunk) const override { return columns_.Parse(chunk); }

 private:
  int64_t PieceBegin() const { return piece_ * rows_per_piece_; }
  int64_t PieceRows() const { return std::min(rows_per_piece_, dataset_->rows - PieceBegin()); }

  Status OpenPiece(int64_t piece) {
    first_row_ = 0;
    if (dataset_->rows == 0) return Status::OK();
    const int64_t begin = piece * rows_per_piece_;
    auto batches = dataset_->read(begin, begin + PieceRows());
    if (!batches.ok()) return DatasetError(batches.status());
    batches_ = *std::move(batches);
    return Status::OK();
  }

  Status EndPiece() {
    batches_.reset();
    if (first_row_ == PieceRows()) return Status::OK();
    return MakeError(ErrorCode::kDatasetFailed, "the dataset gave " + std::to_string(first_row_) +
                                                    " rows from " + std::to_string(PieceBegin()) +
                                                    " on, and not " + std::to_string(PieceRows()));
  }

  std::shared_ptr<Chunk> MakeChunk() {
    auto chunk = std::make_shared<Chunk>();
    chunk->index = index_++;
    chunk->row_group = static_cast<int>(piece_);
    chunk->first_row = first_row_;
    chunk->rows = std::min(pending_->num_rows(), rows_per_chunk_);
    first_row_ += chunk->rows;
    // Only what is wanted: the rest of a row is not kept alive.
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const int column : columns_.used()) {
      fields.push_back(pending_->schema()->field(column));
      arrays.push_back(pending_->column(column)->Slice(0, chunk->rows));
    }
    chunk->decoded =
        arrow::RecordBatch::Make(arrow::schema(std::move(fields)), chunk->rows, std::move(arrays));
    pending_ = pending_->Slice(chunk->rows);
    return chunk;
  }

  const std::shared_ptr<const DatasetInput> dataset_;
  const TypedProjection columns_;
  const int64_t rows_per_piece_, rows_per_chunk_, pieces_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;  // of piece_
  std::shared_ptr<arrow::RecordBatch> pending_;        // what is left of the last batch
  int64_t piece_, first_row_ = 0, index_ = 0;
};

}  // namespace

int64_t RowsPerPiece(const DatasetReadOptions& options) {
  return std::min(PowerOfTwoUpTo(RowsIn(*options.dataset, options.bytes_per_piece)),
                  kRowsPerPieceMax);
}

int64_t CountPieces(const DatasetReadOptions& options) {
  const int64_t rows = RowsPerPiece(options);
  return std::max<int64_t>((options.dataset->rows + rows - 1) / rows, 1);
}

std::string IdentityOf(const DatasetInput& dataset) {
  Sha256 hash;
  hash.UpdateField("dataset");
  hash.UpdateField(dataset.fingerprint);
  hash.UpdateField(dataset.schema->ToString(/*show_metadata=*/false));
  hash.UpdateField(std::to_string(dataset.rows));
  return hash.FinishHex();
}

Result<std::unique_ptr<RecordReader>> OpenDataset(const DatasetReadOptions& options,
                                                  const Projection& projection) {
  MILLRACE_CHECK(options.dataset != nullptr && !options.dataset->streams());
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  ARROW_ASSIGN_OR_RAISE(auto columns, TypedProjection::Make(options.dataset->schema, projection));
  return std::make_unique<DatasetReader>(options, std::move(columns));
}

namespace {

bool IsOurs(const Status& status) {
  return status.detail() && std::strcmp(status.detail()->type_id(), "millrace::ErrorDetail") == 0;
}

}  // namespace

Status DatasetError(const Status& status) {
  if (status.ok() || status.IsCancelled() || IsOurs(status)) return status;
  return MakeError(ErrorCode::kDatasetFailed, "the dataset cannot be read: " + status.message());
}

Status CheckBatch(const arrow::Schema& schema, const arrow::RecordBatch& batch) {
  if (batch.schema()->Equals(schema, /*check_metadata=*/false)) {
    return DatasetError(batch.Validate());
  }
  return MakeError(ErrorCode::kDatasetFailed,
                   "the dataset gave columns that are not those of its schema: " +
                       batch.schema()->ToString() + " instead of " + schema.ToString());
}

}  // namespace millrace::io
