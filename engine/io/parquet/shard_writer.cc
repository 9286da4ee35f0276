#include "io/parquet/shard_writer.h"

#include <arrow/array/concatenate.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <mutex>

#include "io/parquet/batch_recutter.h"
#include "io/parquet/column_pool.h"
#include "io/parquet/file_sink.h"
#include "io/parquet/logical_hash.h"
#include "io/parquet/pool_executor.h"
#include "io/parquet/pooled_pages.h"
#include "io/parquet/writer_properties.h"

namespace millrace::io {
namespace {

constexpr size_t kNameHashDigits = 12;
constexpr int64_t kWaitingBytesPerThread = 1 << 20;  // of pages that are not compressed yet

class ParquetShardWriter : public ShardWriter {
 public:
  ParquetShardWriter(std::string key_prefix, const ShardWriterOptions& options, TaskPool* pool)
      : key_prefix_(std::move(key_prefix)),
        options_(options),
        pool_(pool),
        recutter_(options.bytes_per_batch) {
    if (pool != nullptr) executor_ = std::make_unique<PoolExecutor>(pool);
  }

  Status Open(Store& store, const arrow::Schema& schema) {
    ARROW_ASSIGN_OR_RAISE(stored_, StoredSchema(schema));
    hasher_ = std::make_unique<LogicalHasher>(*stored_);
    ARROW_ASSIGN_OR_RAISE(auto file, store.Create(key_prefix_));
    sink_ = std::make_shared<FileSink>(std::move(file));
    return Status::OK();
  }

 private:
  // The encodings depend on the first rows, so the file is opened with them.
  Status OpenFile(const arrow::RecordBatch* first) {
    parquet::ArrowWriterProperties::Builder arrow_properties;
    arrow_properties.store_schema();
    auto properties = WriterPropertiesOf(*stored_, first, options_);
    if (pool_ == nullptr) {
      return parquet::arrow::FileWriter::Open(*stored_, ColumnPool(), sink_, std::move(properties),
                                              arrow_properties.build())
          .Value(&writer_);
    }
    arrow_properties.set_use_threads(true)->set_executor(executor_.get());
    ARROW_ASSIGN_OR_RAISE(PooledFile file, OpenPooledFile(*stored_, sink_, std::move(properties),
                                                          arrow_properties.build(), pool_));
    writer_ = std::move(file.writer);
    pages_ = file.pages;
    return Status::OK();
  }

 public:
  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    ARROW_ASSIGN_OR_RAISE(auto plain, ToStored(*batch));
    rows_ += plain->num_rows();
    const int64_t bytes = LogicalBytes(*plain);
    logical_bytes_ += bytes;
    recutter_.Add(std::move(plain), bytes);
    return Drain(/*end=*/false);
  }

  Result<DataFile> Finish() override {
    ARROW_RETURN_NOT_OK(Drain(/*end=*/true));
    if (!writer_) ARROW_RETURN_NOT_OK(OpenFile(nullptr));
    ARROW_RETURN_NOT_OK(writer_->Close());
    ARROW_RETURN_NOT_OK(sink_->Close());
    DataFile file;
    file.rows = rows_;
    ARROW_ASSIGN_OR_RAISE(file.bytes, sink_->Tell());
    file.sha256 = sink_->FinishSha256();
    const std::string tag =
        options_.hash_in_name ? "-" + file.sha256.substr(0, kNameHashDigits) : std::string();
    file.path = key_prefix_ + tag + ".parquet";
    file.logical_sha256 = hasher_->FinishHex();
    ARROW_RETURN_NOT_OK(sink_->Commit(file.path));
    return file;
  }

  int64_t rows() const override { return rows_; }
  int64_t logical_bytes() const override { return logical_bytes_; }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> ToStored(const arrow::RecordBatch& batch) {
    std::vector<std::shared_ptr<arrow::Array>> columns = batch.columns();
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto& type = stored_->field(static_cast<int>(i))->type();
      if (columns[i]->type_id() == type->id()) continue;
      ARROW_ASSIGN_OR_RAISE(columns[i], arrow::compute::Cast(*columns[i], type));
    }
    return arrow::RecordBatch::Make(stored_, batch.num_rows(), std::move(columns));
  }

  Status Drain(bool end) {
    for (;;) {
      BatchRecutter::Cut cut = recutter_.Next(
          std::min(options_.rows_per_batch, options_.rows_per_row_group - group_rows_), end);
      if (cut.rows == 0) return Status::OK();
      std::shared_ptr<arrow::RecordBatch> batch = cut.slices[0];
      if (cut.slices.size() > 1) {
        ARROW_ASSIGN_OR_RAISE(batch, arrow::ConcatenateRecordBatches(cut.slices, BatchPool()));
      }
      ARROW_RETURN_NOT_OK(WriteFixedBatch(*batch));
      group_rows_ += cut.rows;
      group_bytes_ += cut.bytes;
      if (group_rows_ >= options_.rows_per_row_group ||
          group_bytes_ >= options_.bytes_per_row_group) {
        group_rows_ = group_bytes_ = 0;
      }
    }
  }

  Status WriteFixedBatch(const arrow::RecordBatch& batch) {
    if (!writer_) ARROW_RETURN_NOT_OK(OpenFile(&batch));
    if (group_rows_ == 0) ARROW_RETURN_NOT_OK(writer_->NewBufferedRowGroup());
    if (pool_ == nullptr) {
      ARROW_RETURN_NOT_OK(hasher_->Update(batch));
      return writer_->WriteRecordBatch(batch);
    }
    // Columns are hashed and encoded at the same time.
    std::vector<Status> hashed(static_cast<size_t>(batch.num_columns()));
    TaskLatch latch;
    latch.Add(batch.num_columns());
    for (int i = 0; i < batch.num_columns(); ++i) {
      pool_->Submit(
          [&, i] {
            hashed[static_cast<size_t>(i)] = hasher_->UpdateColumn(i, *batch.column(i));
            latch.Done();
          },
          TaskPool::Priority::kUrgent);
    }
    Status written = writer_->WriteRecordBatch(batch);
    latch.Wait();
    for (Status& status : hashed) written &= status;
    ARROW_RETURN_NOT_OK(written);
    // Enough for the pool to go on with while the next batch is encoded.
    return pages_->Settle(pool_->threads() * kWaitingBytesPerThread);
  }

  std::string key_prefix_;
  ShardWriterOptions options_;
  TaskPool* pool_ = nullptr;
  std::unique_ptr<PoolExecutor> executor_;
  BatchRecutter recutter_;
  std::shared_ptr<arrow::Schema> stored_;
  std::shared_ptr<FileSink> sink_;
  std::unique_ptr<LogicalHasher> hasher_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  PooledPages* pages_ = nullptr;  // the writer's; null without a pool
  int64_t rows_ = 0, logical_bytes_ = 0;
  int64_t group_rows_ = 0, group_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<ShardWriter>> OpenShardWriter(Store& store, const std::string& key_prefix,
                                                     std::shared_ptr<arrow::Schema> schema,
                                                     const ShardWriterOptions& options,
                                                     TaskPool* pool) {
  static std::once_flag initialised;
  static Status initialise_status;
  std::call_once(initialised, [] { initialise_status = arrow::compute::Initialize(); });
  ARROW_RETURN_NOT_OK(initialise_status);
  auto writer = std::make_unique<ParquetShardWriter>(key_prefix, options, pool);
  ARROW_RETURN_NOT_OK(writer->Open(store, *schema));
  return writer;
}

}  // namespace millrace::io
