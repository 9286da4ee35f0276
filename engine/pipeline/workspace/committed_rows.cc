#include "pipeline/workspace/committed_rows.h"

#include <numeric>
#include <utility>

#include "export/row_stream.h"

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

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadShards(exporting::ExportInput input) {
  ARROW_RETURN_NOT_OK(exporting::CheckShards(input));
  ARROW_ASSIGN_OR_RAISE(auto schema, exporting::SchemaOfInput(input));
  return std::make_shared<ShardReader>(std::move(input), std::move(schema));
}

}  // namespace millrace::pipeline
