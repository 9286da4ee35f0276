#include "pipeline/workspace/committed_rows.h"

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
    batch->reset();
    for (; next_ < input_.shards.size(); ++next_) {
      if (rows_ == nullptr) {
        ARROW_ASSIGN_OR_RAISE(rows_, access_.Open(input_.shards[next_], schema_->field_names()));
      }
      ARROW_ASSIGN_OR_RAISE(const auto rows, rows_->Next());
      if (rows != nullptr) return AsDeclared(*rows).Value(batch);
      rows_.reset();
    }
    return Status::OK();
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> AsDeclared(const arrow::RecordBatch& rows) const {
    arrow::ArrayVector columns;
    for (const auto& field : schema_->fields()) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(),
                            stage::AsDeclared(rows.GetColumnByName(field->name()), field->type()));
    }
    return arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(columns));
  }

  const exporting::ExportInput input_;
  const std::shared_ptr<arrow::Schema> schema_;
  const stage::RowAccess access_;
  size_t next_ = 0;
  std::unique_ptr<stage::RowReader> rows_;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadIngested(
    exporting::ExportInput input, std::shared_ptr<const stage::RowsInPlace> in_place) {
  MILLRACE_CHECK(input.schema != nullptr);
  const stage::RowAccess access(*input.store, in_place);
  for (const io::DataFile& file : input.shards) ARROW_RETURN_NOT_OK(access.Check(file));
  auto schema = input.schema;
  return std::make_shared<IngestedReader>(std::move(input), std::move(in_place), std::move(schema));
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadShards(exporting::ExportInput input) {
  ARROW_RETURN_NOT_OK(exporting::CheckShards(input));
  ARROW_ASSIGN_OR_RAISE(auto schema, exporting::SchemaOfInput(input));
  return std::make_shared<ShardReader>(std::move(input), std::move(schema));
}

}  // namespace millrace::pipeline
