#include "io/parquet/shard_writer.h"

#include <arrow/array/concatenate.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <mutex>

#include "io/parquet/batch_recutter.h"
#include "io/parquet/file_sink.h"
#include "io/parquet/pool_executor.h"
#include "io/parquet/writer_properties.h"

namespace millrace::io {
namespace {

constexpr size_t kNameHashDigits = 12;

class ParquetShardWriter : public ShardWriter {
 public:
  ParquetShardWriter(std::string key_prefix, const ShardWriterOptions& options, TaskPool* pool)
      : key_prefix_(std::move(key_prefix)), options_(options), recutter_(options.bytes_per_batch) {
    if (pool != nullptr) executor_ = std::make_unique<PoolExecutor>(pool);
  }

  Status Open(Store& store, const arrow::Schema& schema) {
    ARROW_ASSIGN_OR_RAISE(stored_, StoredSchema(schema));
    ARROW_ASSIGN_OR_RAISE(auto file, store.Create(key_prefix_));
    sink_ = std::make_shared<FileSink>(std::move(file));
    parquet::ArrowWriterProperties::Builder arrow_properties;
    arrow_properties.store_schema();
    if (executor_) arrow_properties.set_use_threads(true)->set_executor(executor_.get());
    return parquet::arrow::FileWriter::Open(*stored_, arrow::default_memory_pool(), sink_,
                                            WriterPropertiesOf(*stored_, options_),
                                            arrow_properties.build())
        .Value(&writer_);
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    ARROW_ASSIGN_OR_RAISE(auto plain, ToStored(*batch));
    rows_ += plain->num_rows();
    logical_bytes_ += LogicalBytes(*plain);
    recutter_.Add(std::move(plain));
    return Drain(/*end=*/false);
  }

  Result<DataFile> Finish() override {
    ARROW_RETURN_NOT_OK(Drain(/*end=*/true));
    ARROW_RETURN_NOT_OK(writer_->Close());
    ARROW_RETURN_NOT_OK(sink_->Close());
    DataFile file;
    file.rows = rows_;
    ARROW_ASSIGN_OR_RAISE(file.bytes, sink_->Tell());
    file.sha256 = sink_->FinishSha256();
    file.path = key_prefix_ + "-" + file.sha256.substr(0, kNameHashDigits) + ".parquet";
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
      auto pieces = recutter_.Next(
          std::min(options_.rows_per_batch, options_.rows_per_row_group - group_rows_), end);
      if (pieces.empty()) return Status::OK();
      std::shared_ptr<arrow::RecordBatch> batch = pieces[0];
      if (pieces.size() > 1) {
        ARROW_ASSIGN_OR_RAISE(batch, arrow::ConcatenateRecordBatches(pieces));
      }
      ARROW_RETURN_NOT_OK(WriteFixedBatch(*batch));
    }
  }

  Status WriteFixedBatch(const arrow::RecordBatch& batch) {
    if (group_rows_ == 0) ARROW_RETURN_NOT_OK(writer_->NewBufferedRowGroup());
    ARROW_RETURN_NOT_OK(writer_->WriteRecordBatch(batch));
    int64_t bytes = LogicalBytes(batch);
    group_rows_ += batch.num_rows();
    group_bytes_ += bytes;
    if (group_rows_ >= options_.rows_per_row_group ||
        group_bytes_ >= options_.bytes_per_row_group) {
      group_rows_ = group_bytes_ = 0;
    }
    return Status::OK();
  }

  std::string key_prefix_;
  ShardWriterOptions options_;
  std::unique_ptr<PoolExecutor> executor_;
  BatchRecutter recutter_;
  std::shared_ptr<arrow::Schema> stored_;
  std::shared_ptr<FileSink> sink_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
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
