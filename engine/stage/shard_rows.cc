#include "stage/shard_rows.h"

#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <numeric>
#include <set>
#include <string_view>

#include "io/parquet/column_pool.h"
#include "io/parquet/rows_within.h"

namespace millrace::stage {
namespace {

constexpr int64_t kRowsPerRead = 8192;
constexpr int64_t kBytesPerRead = 4 << 20;

Status AsDamage(const std::string& path, const Status& status) {
  if (status.ok() || KindOf(status) == ErrorKind::kEnvironment) return status;
  return MakeError(ErrorCode::kWorkspaceDamaged,
                   "the committed shard " + path + " cannot be read: " + status.message(),
                   "`millrace verify` lists all damage; a new run writes missing shards again");
}

Result<std::unique_ptr<parquet::arrow::FileReader>> OpenParquet(io::Store& store,
                                                                const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, store.OpenForRead(path));
  parquet::ArrowReaderProperties properties;
  properties.set_use_threads(false);
  properties.set_pre_buffer(false);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  try {
    parquet::arrow::FileReaderBuilder builder;
    parquet::ReaderProperties pages(io::ColumnPool());
    pages.enable_buffered_stream();  // a page at a time, not a column of a row group
    Status opened = builder.Open(file, pages);
    if (opened.ok())
      opened = builder.memory_pool(io::ColumnPool())->properties(properties)->Build(&reader);
    ARROW_RETURN_NOT_OK(AsDamage(path, opened));
  } catch (const parquet::ParquetException& error) {
    return AsDamage(path, Status::Invalid(error.what()));
  }
  return reader;
}

}  // namespace

ShardRows::~ShardRows() = default;

Result<std::unique_ptr<ShardRows>> ShardRows::Open(io::Store& store, const io::DataFile& shard,
                                                   const std::vector<std::string>& columns,
                                                   int64_t first_row,
                                                   const std::vector<std::string>& if_there) {
  std::unique_ptr<ShardRows> rows(new ShardRows);
  rows->path_ = shard.path;
  ARROW_ASSIGN_OR_RAISE(rows->file_, OpenParquet(store, shard.path));
  const parquet::FileMetaData& metadata = *rows->file_->parquet_reader()->metadata();
  if (metadata.num_rows() != shard.rows) {
    return AsDamage(shard.path, Status::Invalid("it has another number of rows"));
  }
  const parquet::SchemaDescriptor& schema = *metadata.schema();
  const std::set<std::string_view> wanted(columns.begin(), columns.end());
  const std::set<std::string_view> welcome(if_there.begin(), if_there.end());
  std::set<std::string_view> found;
  std::vector<int> leaves;
  for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
    const std::string_view column = schema.GetColumnRoot(leaf)->name();
    const auto name = wanted.find(column);
    if (name != wanted.end()) {
      found.insert(*name);
    } else if (welcome.count(column) == 0) {
      continue;
    }
    leaves.push_back(leaf);
  }
  if (found.size() != wanted.size()) {
    return AsDamage(shard.path, Status::Invalid("it has not all of its columns"));
  }
  // Row groups that lie before the first row are not touched.
  int first_group = 0;
  rows->skip_ = first_row;
  while (first_group < metadata.num_row_groups() &&
         metadata.RowGroup(first_group)->num_rows() <= rows->skip_) {
    rows->skip_ -= metadata.RowGroup(first_group++)->num_rows();
  }
  std::vector<int> groups(static_cast<size_t>(metadata.num_row_groups() - first_group));
  std::iota(groups.begin(), groups.end(), first_group);
  // A batch of long rows is one of few: what works on it needs a multiple of its size.
  const Result<int64_t> rows_max =
      io::RowsWithin(metadata, leaves, 0, metadata.num_row_groups(), kBytesPerRead, kRowsPerRead);
  ARROW_RETURN_NOT_OK(AsDamage(shard.path, rows_max.status()));
  rows->file_->set_batch_size(*rows_max);
  const Status opened = rows->file_->GetRecordBatchReader(groups, leaves).Value(&rows->reader_);
  ARROW_RETURN_NOT_OK(AsDamage(shard.path, opened));
  return rows;
}

Result<std::shared_ptr<arrow::RecordBatch>> ShardRows::Next() {
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(AsDamage(path_, reader_->ReadNext(&batch)));
    if (batch == nullptr || skip_ == 0) return batch;
    const int64_t skipped = std::min(skip_, batch->num_rows());
    skip_ -= skipped;
    if (skipped < batch->num_rows()) return batch->Slice(skipped);
  }
}

}  // namespace millrace::stage
