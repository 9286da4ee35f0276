#include "stage/operators/split_rows.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>

#include <algorithm>

namespace millrace::stage {

SplitRows::SplitRows(io::Store& store, const StageInput& input, const OperatorSplit& split,
                     std::shared_ptr<arrow::Schema> schema, std::vector<std::string> columns)
    : store_(store),
      input_(input),
      split_(split),
      schema_(std::move(schema)),
      columns_(std::move(columns)),
      next_(split.begin) {
  if (columns_.empty()) columns_ = schema_->field_names();
}

Result<std::shared_ptr<arrow::RecordBatch>> SplitRows::Next() {
  for (;;) {
    if (shard_ == nullptr) {
      if (next_ == split_.end) return nullptr;
      io::DataFile file = input_.shards[next_++];
      left_ = file.rows;
      file.path = input_.folder + '/' + file.path;
      ARROW_ASSIGN_OR_RAISE(shard_, ShardRows::Open(store_, file, columns_));
    }
    ARROW_ASSIGN_OR_RAISE(const auto batch, shard_->Next());
    if (batch != nullptr) {
      left_ -= batch->num_rows();
      return AsDeclared(*batch);
    }
    if (left_ != 0) {
      return MakeError(
          ErrorCode::kWorkspaceDamaged,
          "the committed shard " + input_.shards[next_ - 1].path + " has another number of rows");
    }
    shard_.reset();
  }
}

// Parquet has no seconds: such columns come back as milliseconds.
Result<std::shared_ptr<arrow::RecordBatch>> SplitRows::AsDeclared(
    const arrow::RecordBatch& rows) const {
  arrow::ArrayVector columns;
  for (const auto& field : schema_->fields()) {
    const bool wanted =
        std::find(columns_.begin(), columns_.end(), field->name()) != columns_.end();
    auto column = rows.GetColumnByName(field->name());
    if (!wanted) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(field->type(), rows.num_rows()));
    } else if (column == nullptr) {
      return MakeError(ErrorCode::kWorkspaceDamaged, "the committed shard " +
                                                         input_.shards[next_ - 1].path +
                                                         " has no column `" + field->name() + "`");
    } else if (!column->type()->Equals(*field->type())) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::compute::Cast(*column, field->type()));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(columns));
}

}  // namespace millrace::stage
