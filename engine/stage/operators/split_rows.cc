#include "stage/operators/split_rows.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "stage/operators/mixed_rows.h"
#include "stage/rows_in_place.h"
#include "stage/shard_rows.h"

namespace millrace::stage {

namespace {

/// Rows that this run still holds.
class HeldRows : public RowReader {
 public:
  HeldRows(std::shared_ptr<const arrow::RecordBatchVector> batches, int64_t first_row)
      : batches_(std::move(batches)), row_(first_row) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    for (; next_ < batches_->size(); ++next_) {
      const auto& batch = (*batches_)[next_];
      if (row_ < batch->num_rows()) {
        auto piece = PieceOf(*batch, row_);
        row_ += piece->num_rows();
        return piece;
      }
      row_ -= batch->num_rows();
    }
    return nullptr;
  }

 private:
  std::shared_ptr<const arrow::RecordBatchVector> batches_;
  size_t next_ = 0;
  int64_t row_;  // of the next batch
};

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

Result<std::unique_ptr<SplitReader>> OpenSplit(const OperatorRun& run, const OperatorSplit& split,
                                               std::shared_ptr<arrow::Schema> schema,
                                               std::vector<std::string> columns) {
  const OperatorPlan& plan = run.plan;
  if (columns.empty()) columns = schema->field_names();
  if (plan.mixture) return OpenMixed(run, split, std::move(schema), std::move(columns));
  const StageInput& input = plan.inputs[static_cast<size_t>(split.input)];
  ShardRange range(run, input, split.begin, split.end, 0, std::move(schema), std::move(columns));
  if (const int64_t rows = plan.chain->batch_rows(); rows > 0) {
    return std::make_unique<FixedBatches>(std::move(range), rows);
  }
  return std::make_unique<WholeShards>(std::move(range));
}

ShardRange::ShardRange(const OperatorRun& run, const StageInput& input, size_t begin, size_t end,
                       int64_t first_row, std::shared_ptr<arrow::Schema> schema,
                       std::vector<std::string> columns)
    : run_(run),
      input_(input),
      schema_(std::move(schema)),
      columns_(std::move(columns)),
      next_(begin),
      end_(end),
      first_row_(first_row) {}

Result<std::unique_ptr<RowReader>> ShardRange::Open(const io::DataFile& file,
                                                    int64_t first_row) const {
  if (input_.fresh != nullptr) {
    if (auto held = input_.fresh->Find(file.path)) {
      return std::make_unique<HeldRows>(std::move(held), first_row);
    }
  }
  if (!file.is_reference()) {
    return ShardRows::Open(run_.place.store(), file, columns_, first_row);
  }
  MILLRACE_CHECK(input_.in_place != nullptr);
  const ReadingMeans means{run_.pool, run_.reader_bytes,
                           [run = &run_] { return run->cancelled(); }};
  return input_.in_place->Open(file, columns_, first_row, means);
}

Result<std::shared_ptr<arrow::RecordBatch>> ShardRange::Next() {
  for (;;) {
    if (rows_ == nullptr) {
      if (next_ == end_) return nullptr;
      io::DataFile file = input_.shards[next_++];
      const int64_t first_row = std::exchange(first_row_, 0);
      left_ = file.rows - first_row;
      file.path = input_.folder + '/' + file.path;
      ARROW_ASSIGN_OR_RAISE(rows_, Open(file, first_row));
    }
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows_->Next());
    if (batch != nullptr) {
      left_ -= batch->num_rows();
      return AsDeclared(*batch);
    }
    if (left_ != 0) {
      return MakeError(
          ErrorCode::kWorkspaceDamaged,
          "the committed shard " + input_.shards[next_ - 1].path + " has another number of rows");
    }
    rows_.reset();
  }
}

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
    } else {
      ARROW_ASSIGN_OR_RAISE(column, stage::AsDeclared(std::move(column), field->type()));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(columns));
}

}  // namespace millrace::stage
