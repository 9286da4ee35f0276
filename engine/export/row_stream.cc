#include "export/row_stream.h"

#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <algorithm>
#include <numeric>

namespace millrace::exporting {
namespace {

constexpr int64_t kRowsPerRead = 8192;

Status Damaged(const std::string& path, const std::string& what) {
  return MakeError(ErrorCode::kWorkspaceDamaged, "the committed shard " + path + " " + what,
                   "`millrace verify` lists all damage; a new run writes missing shards again");
}

// What Parquet cannot make sense of is damage; what the store could not read keeps its reason.
Status AsDamage(const std::string& path, const Status& status) {
  if (status.ok() || KindOf(status) == ErrorKind::kEnvironment) return status;
  return Damaged(path, "cannot be read: " + status.message());
}

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenShard(const ExportInput& input,
                                                              const io::DataFile& shard) {
  ARROW_ASSIGN_OR_RAISE(auto file, input.store->OpenForRead(shard.path));
  parquet::ArrowReaderProperties properties;
  properties.set_use_threads(false);
  properties.set_pre_buffer(false);
  properties.set_batch_size(kRowsPerRead);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  try {
    parquet::arrow::FileReaderBuilder builder;
    Status opened = builder.Open(file);
    if (opened.ok()) opened = builder.properties(properties)->Build(&reader);
    ARROW_RETURN_NOT_OK(AsDamage(shard.path, opened));
  } catch (const parquet::ParquetException& error) {
    return Damaged(shard.path, std::string("cannot be read: ") + error.what());
  }
  return reader;
}

// Leaf columns of the wanted top-level columns, as Parquet counts them.
std::vector<int> LeavesOf(const parquet::FileMetaData& metadata, const std::vector<int>& columns) {
  std::vector<int> leaves;
  const parquet::SchemaDescriptor& schema = *metadata.schema();
  for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
    const int field = schema.group_node()->FieldIndex(*schema.GetColumnRoot(leaf));
    if (std::find(columns.begin(), columns.end(), field) != columns.end()) leaves.push_back(leaf);
  }
  return leaves;
}

}  // namespace

RowStream::RowStream(const ExportInput& input, std::vector<int> columns)
    : input_(input), columns_(std::move(columns)) {}
RowStream::~RowStream() = default;

Status RowStream::OpenNextShard() {
  const io::DataFile& shard = input_.shards[next_shard_++];
  reader_.reset();
  ARROW_ASSIGN_OR_RAISE(file_, OpenShard(input_, shard));
  const parquet::FileMetaData& metadata = *file_->parquet_reader()->metadata();
  if (metadata.num_rows() != shard.rows) return Damaged(shard.path, "has another number of rows");
  rows_left_in_shard_ = shard.rows;
  std::vector<int> groups(static_cast<size_t>(metadata.num_row_groups()));
  std::iota(groups.begin(), groups.end(), 0);
  Status opened = file_->GetRecordBatchReader(groups, LeavesOf(metadata, columns_)).Value(&reader_);
  return AsDamage(shard.path, opened);
}

Status RowStream::Refill() {
  while (batch_ == nullptr || batch_->num_rows() == 0) {
    batch_ = nullptr;
    if (reader_ == nullptr || rows_left_in_shard_ == 0) {
      if (next_shard_ == input_.shards.size()) return Status::OK();
      ARROW_RETURN_NOT_OK(OpenNextShard());
      continue;
    }
    const std::string& path = input_.shards[next_shard_ - 1].path;
    ARROW_RETURN_NOT_OK(AsDamage(path, reader_->ReadNext(&batch_)));
    if (batch_ == nullptr) return Damaged(path, "ends too soon");
    rows_left_in_shard_ -= batch_->num_rows();
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> RowStream::Next(int64_t rows_max) {
  ARROW_RETURN_NOT_OK(Refill());
  if (batch_ == nullptr) return std::shared_ptr<arrow::RecordBatch>();
  auto rows = batch_->Slice(0, rows_max);
  batch_ = batch_->Slice(rows->num_rows());
  // The reader gives columns in file order; the caller wants its own.
  std::vector<int> sorted = columns_;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int> order;
  for (int column : columns_) {
    order.push_back(
        static_cast<int>(std::find(sorted.begin(), sorted.end(), column) - sorted.begin()));
  }
  return rows->SelectColumns(order);
}

Result<std::shared_ptr<arrow::Schema>> SchemaOfInput(const ExportInput& input) {
  if (input.shards.empty()) {
    if (input.schema) return input.schema;
    return MakeError(ErrorCode::kBug, "an export without shards needs the schema of its rows");
  }
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenShard(input, input.shards[0]));
  std::shared_ptr<arrow::Schema> schema;
  ARROW_RETURN_NOT_OK(reader->GetSchema(&schema));
  return schema;
}

Status CheckShards(const ExportInput& input) {
  for (const io::DataFile& shard : input.shards) {
    ARROW_ASSIGN_OR_RAISE(bool there, input.store->Exists(shard.path));
    if (!there) return Damaged(shard.path, "is missing");
    ARROW_ASSIGN_OR_RAISE(io::FileInfo info, input.store->Stat(shard.path));
    if (info.bytes != shard.bytes) {
      return Damaged(shard.path, "has " + std::to_string(info.bytes) + " bytes instead of " +
                                     std::to_string(shard.bytes));
    }
  }
  return Status::OK();
}

}  // namespace millrace::exporting
