#include "pipeline/workspace/committed_rows.h"

#include <arrow/compute/cast.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "export/row_stream.h"
#include "stage/row_access.h"

namespace millrace::pipeline {
namespace {

constexpr int64_t kRowsPerBatch = 8192;

class ShardReader : public arrow::RecordBatchReader {
 public:
  ShardReader(exporting::ExportInput input, std::shared_ptr<arrow::Schema> schema)
      : input_(std::move(input)), schema_(std::move(schema)), rows_(input_, AllColumns()) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_ASSIGN_OR_RAISE(auto next, rows_.Next(kRowsPerBatch));
    if (next == nullptr) {
      *batch = nullptr;
      return Status::OK();
    }
    if (next->schema()->num_fields() != schema_->num_fields()) {
      return MakeError(ErrorCode::kWorkspaceDamaged, "a file has other columns than the first one");
    }
    // The files agree in columns and types; only metadata of the first file is kept.
    *batch = arrow::RecordBatch::Make(schema_, next->num_rows(), next->columns());
    return Status::OK();
  }

 private:
  std::vector<int> AllColumns() const {
    std::vector<int> columns(static_cast<size_t>(schema_->num_fields()));
    std::iota(columns.begin(), columns.end(), 0);
    return columns;
  }

  const exporting::ExportInput input_;
  const std::shared_ptr<arrow::Schema> schema_;
  exporting::RowStream rows_;  // refers to input_
};

/// A table of ingest, shard by shard or reference by reference.
class IngestedReader : public arrow::RecordBatchReader {
 public:
  IngestedReader(exporting::ExportInput input, std::shared_ptr<const stage::RowsInPlace> in_place,
                 std::shared_ptr<arrow::Schema> schema)
      : input_(std::move(input)),
        schema_(std::move(schema)),
        access_(*input_.store, std::move(in_place)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    for (batch->reset(); *batch == nullptr; rows_.reset()) {
      if (rows_ == nullptr) {
        if (next_ == input_.shards.size()) return Status::OK();
        ARROW_ASSIGN_OR_RAISE(rows_, access_.Open(input_.shards[next_++], schema_->field_names()));
      }
      ARROW_ASSIGN_OR_RAISE(*batch, rows_->Next());
      if (*batch != nullptr) break;
    }
    arrow::ArrayVector columns;
    for (const auto& field : schema_->fields()) {
      auto column = (*batch)->GetColumnByName(field->name());
      // Parquet has no seconds: such columns of shards come back as milliseconds.
      if (!column->type()->Equals(*field->type())) {
        ARROW_ASSIGN_OR_RAISE(column, arrow::compute::Cast(*column, field->type()));
      }
      columns.push_back(std::move(column));
    }
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), std::move(columns));
    return Status::OK();
  }

 private:
  const exporting::ExportInput input_;
  const std::shared_ptr<arrow::Schema> schema_;
  const stage::RowAccess access_;
  size_t next_ = 0;
  std::unique_ptr<stage::RowReader> rows_;
};

}  // namespace

bool StayedInPlace(const exporting::ExportInput& input) {
  return std::any_of(input.shards.begin(), input.shards.end(),
                     [](const io::DataFile& file) { return file.is_reference(); });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadIngested(
    exporting::ExportInput input, std::shared_ptr<const stage::RowsInPlace> in_place) {
  MILLRACE_CHECK(input.schema != nullptr);
  for (const io::DataFile& file : input.shards) {
    if (!file.is_reference()) continue;
    if (in_place == nullptr) return stage::RowAccess(*input.store).ColumnsOf(file).status();
    ARROW_RETURN_NOT_OK(in_place->Check(file));
  }
  auto schema = input.schema;
  return std::make_shared<IngestedReader>(std::move(input), std::move(in_place), std::move(schema));
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadShards(exporting::ExportInput input) {
  ARROW_RETURN_NOT_OK(exporting::CheckShards(input));
  ARROW_ASSIGN_OR_RAISE(auto schema, exporting::SchemaOfInput(input));
  return std::make_shared<ShardReader>(std::move(input), std::move(schema));
}

}  // namespace millrace::pipeline
