#include "stage/operators/split_rows.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>

#include <algorithm>

#include "io/parquet/shard_writer.h"
#include "stage/operators/mixed_rows.h"

namespace millrace::stage {

namespace {

// A batch of rows that are in memory, as of those that are read.
constexpr int64_t kHeldRows = 8192;
constexpr int64_t kHeldBytes = 4 << 20;

class WholeShards : public SplitReader {
 public:
  explicit WholeShards(ShardRange range) : range_(std::move(range)) {}
  Result<SplitBatch> Next() override {
    SplitBatch batch;
    ARROW_ASSIGN_OR_RAISE(batch.rows, range_.Next());
    return batch;
  }

 private:
  ShardRange range_;
};

/// Batches of so many rows, counted from the first one of the split, wherever those that are read
/// happen to end.
class FixedBatches : public SplitReader {
 public:
  FixedBatches(ShardRange range, int64_t rows) : range_(std::move(range)), rows_(rows) {}

  Result<SplitBatch> Next() override {
    arrow::RecordBatchVector pieces;
    for (int64_t missing = rows_; missing > 0;) {
      if (rest_ == nullptr) {
        ARROW_ASSIGN_OR_RAISE(rest_, range_.Next());
        if (rest_ == nullptr) break;
      }
      const int64_t here = std::min(missing, rest_->num_rows());
      if (here > 0) pieces.push_back(rest_->Slice(0, here));
      rest_ = here == rest_->num_rows() ? nullptr : rest_->Slice(here);
      missing -= here;
    }
    SplitBatch batch;
    if (pieces.size() == 1) batch.rows = std::move(pieces.front());
    if (pieces.size() > 1) {
      ARROW_ASSIGN_OR_RAISE(batch.rows, arrow::ConcatenateRecordBatches(pieces));
    }
    return batch;
  }

 private:
  ShardRange range_;
  const int64_t rows_;
  std::shared_ptr<arrow::RecordBatch> rest_;
};

}  // namespace

Result<std::unique_ptr<SplitReader>> OpenSplit(io::Store& store, const OperatorPlan& plan,
                                               const OperatorSplit& split,
                                               std::shared_ptr<arrow::Schema> schema,
                                               std::vector<std::string> columns) {
  if (columns.empty()) columns = schema->field_names();
  if (plan.mixture) {
    return OpenMixed(store, plan, split, std::move(schema), std::move(columns));
  }
  const StageInput& input = plan.inputs[static_cast<size_t>(split.input)];
  ShardRange range(store, input, split.begin, split.end, 0, std::move(schema), std::move(columns));
  if (const int64_t rows = plan.chain->batch_rows(); rows > 0) {
    return std::make_unique<FixedBatches>(std::move(range), rows);
  }
  return std::make_unique<WholeShards>(std::move(range));
}

ShardRange::ShardRange(io::Store& store, const StageInput& input, size_t begin, size_t end,
                       int64_t first_row, std::shared_ptr<arrow::Schema> schema,
                       std::vector<std::string> columns)
    : store_(store),
      input_(input),
      schema_(std::move(schema)),
      columns_(std::move(columns)),
      next_(begin),
      end_(end),
      first_row_(first_row) {}

Result<std::shared_ptr<arrow::RecordBatch>> ShardRange::Next() {
  for (;;) {
    if (held_ != nullptr) {
      if (const auto batch = NextHeld()) return AsDeclared(*batch);
      held_.reset();
    }
    if (shard_ == nullptr) {
      if (next_ == end_) return nullptr;
      io::DataFile file = input_.shards[next_++];
      left_ = file.rows - first_row_;
      file.path = input_.folder + '/' + file.path;
      if (Hold(file.path)) continue;
      ARROW_ASSIGN_OR_RAISE(shard_, ShardRows::Open(store_, file, columns_, first_row_));
      first_row_ = 0;
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

bool ShardRange::Hold(const std::string& key) {
  if (input_.fresh == nullptr || (held_ = input_.fresh->Find(key)) == nullptr) return false;
  next_held_ = 0;
  skip_held_ = std::exchange(first_row_, 0);
  return true;
}

// Large ones come in pieces: what works on a batch needs a multiple of it.
std::shared_ptr<arrow::RecordBatch> ShardRange::NextHeld() {
  while (next_held_ < held_->size()) {
    const auto& batch = (*held_)[next_held_];
    if (skip_held_ >= batch->num_rows()) {
      skip_held_ -= batch->num_rows();
      ++next_held_;
      continue;
    }
    const auto rest = skip_held_ == 0 ? batch : batch->Slice(skip_held_);
    const int64_t row_bytes = io::LogicalBytes(*rest) / rest->num_rows() + 1;
    const int64_t rows = std::clamp<int64_t>(kHeldBytes / row_bytes, 1, kHeldRows);
    skip_held_ += std::min(rows, rest->num_rows());
    return rest->Slice(0, rows);
  }
  return nullptr;
}

// Parquet has no seconds: such columns come back as milliseconds.
Result<std::shared_ptr<arrow::RecordBatch>> ShardRange::AsDeclared(
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
