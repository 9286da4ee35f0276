#include "stage/shard_rows.h"

#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <numeric>
#include <set>
#include <string_view>

namespace millrace::stage {
namespace {

constexpr int64_t kRowsPerRead = 8192;

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
  properties.set_batch_size(kRowsPerRead);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  try {
    parquet::arrow::FileReaderBuilder builder;
    Status opened = builder.Open(file);
    if (opened.ok()) opened = builder.properties(properties)->Build(&reader);
    ARROW_RETURN_NOT_OK(AsDamage(path, opened));
  } catch (const parquet::ParquetException& error) {
    return AsDamage(path, Status::Invalid(error.what()));
  }
  return reader;
}

}  // namespace

ShardRows::~ShardRows() = default;

Result<std::unique_ptr<ShardRows>> ShardRows::Open(io::Store& store, const io::DataFile& shard,
                                                   const std::vector<std::string>& columns) {
  std::unique_ptr<ShardRows> rows(new ShardRows);
  rows->path_ = shard.path;
  ARROW_ASSIGN_OR_RAISE(rows->file_, OpenParquet(store, shard.path));
  const parquet::FileMetaData& metadata = *rows->file_->parquet_reader()->metadata();
  if (metadata.num_rows() != shard.rows) {
    return AsDamage(shard.path, Status::Invalid("it has another number of rows"));
  }
  const parquet::SchemaDescriptor& schema = *metadata.schema();
  const std::set<std::string_view> wanted(columns.begin(), columns.end());
  std::set<std::string_view> found;
  std::vector<int> leaves;
  for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
    const auto name = wanted.find(schema.GetColumnRoot(leaf)->name());
    if (name == wanted.end()) continue;
    found.insert(*name);
    leaves.push_back(leaf);
  }
  if (found.size() != wanted.size()) {
    return AsDamage(shard.path, Status::Invalid("it has not all of its columns"));
  }
  std::vector<int> groups(static_cast<size_t>(metadata.num_row_groups()));
  std::iota(groups.begin(), groups.end(), 0);
  const Status opened = rows->file_->GetRecordBatchReader(groups, leaves).Value(&rows->reader_);
  ARROW_RETURN_NOT_OK(AsDamage(shard.path, opened));
  return rows;
}

Result<std::shared_ptr<arrow::RecordBatch>> ShardRows::Next() {
  std::shared_ptr<arrow::RecordBatch> batch;
  ARROW_RETURN_NOT_OK(AsDamage(path_, reader_->ReadNext(&batch)));
  return batch;
}

}  // namespace millrace::stage
