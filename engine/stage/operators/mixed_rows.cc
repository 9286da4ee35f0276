#include "stage/operators/mixed_rows.h"

#include <arrow/api.h>

#include <algorithm>
#include <optional>

#include "base/reserved_columns.h"
#include "op/row_selection.h"

namespace millrace::stage {
namespace {

constexpr int64_t kRowsPerBatch = 8192;

/// Where a row of an input is: which shard, and which row there.
struct RowPlace {
  size_t shard = 0;
  int64_t row = 0;
};

RowPlace PlaceOfRow(const StageInput& input, int64_t row) {
  RowPlace place{0, row};
  while (place.row >= input.shards[place.shard].rows) place.row -= input.shards[place.shard++].rows;
  return place;
}

Result<std::shared_ptr<arrow::RecordBatch>> WithEpoch(
    const std::shared_ptr<arrow::RecordBatch>& rows, int64_t epoch) {
  const int at = rows->schema()->GetFieldIndex(std::string(kRowIdColumn));
  const auto& ids = static_cast<const arrow::StringArray&>(*rows->column(at));
  const std::string end = '@' + std::to_string(epoch);
  arrow::StringBuilder builder;
  std::string id;
  for (int64_t row = 0; row < ids.length(); ++row) {
    id = ids.GetView(row);
    id += end;
    ARROW_RETURN_NOT_OK(builder.Append(id));
  }
  ARROW_ASSIGN_OR_RAISE(const auto named, builder.Finish());
  return rows->SetColumn(at, rows->schema()->field(at), named);
}

/// The rows of one input in the order they are drawn, epoch after epoch.
class InputRows {
 public:
  InputRows(const OperatorRun& run, const StageInput& input, int64_t available, int64_t drawn,
            std::shared_ptr<arrow::Schema> schema, std::vector<std::string> columns)
      : run_(run),
        input_(input),
        available_(available),
        drawn_(drawn),
        schema_(std::move(schema)),
        columns_(std::move(columns)) {}

  /// Appends the next `count` rows, in pieces, and counts those of later epochs.
  Status Draw(int64_t count, arrow::RecordBatchVector* out, int64_t* repeated) {
    while (count > 0) {
      const int64_t epoch = drawn_ / available_, in_epoch = drawn_ % available_;
      if (!range_) {
        const RowPlace place = PlaceOfRow(input_, in_epoch);
        range_.emplace(run_, input_, place.shard, input_.shards.size(), place.row, schema_,
                       columns_);
      }
      if (batch_ == nullptr) {
        ARROW_ASSIGN_OR_RAISE(batch_, range_->Next());
        MILLRACE_CHECK(batch_ != nullptr);
      }
      const int64_t here = std::min({count, batch_->num_rows(), available_ - in_epoch});
      auto piece = batch_->Slice(0, here);
      if (epoch > 0) {
        *repeated += here;
        ARROW_ASSIGN_OR_RAISE(piece, WithEpoch(piece, epoch));
      }
      out->push_back(std::move(piece));
      batch_ = here == batch_->num_rows() ? nullptr : batch_->Slice(here);
      drawn_ += here;
      count -= here;
      if (drawn_ % available_ == 0) {  // once more from the first
        range_.reset();
        batch_.reset();
      }
    }
    return Status::OK();
  }

 private:
  const OperatorRun& run_;
  const StageInput& input_;
  int64_t available_, drawn_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::string> columns_;
  std::optional<ShardRange> range_;
  std::shared_ptr<arrow::RecordBatch> batch_;
};

class MixedRows : public SplitReader {
 public:
  MixedRows(const OperatorRun& run, const OperatorSplit& split,
            std::shared_ptr<arrow::Schema> schema, const std::vector<std::string>& columns)
      : order_(*run.plan.mixture->order),
        rows_per_batch_(run.plan.chain->batch_rows() > 0 ? run.plan.chain->batch_rows()
                                                         : kRowsPerBatch),
        next_(split.mix_begin),
        end_(split.mix_end) {
    const OperatorPlan& plan = run.plan;
    for (size_t i = 0; i < plan.inputs.size(); ++i) {
      inputs_.push_back(std::make_unique<InputRows>(run, plan.inputs[i],
                                                    plan.mixture->inputs[i].available,
                                                    order_.DrawnBefore(i, next_), schema, columns));
    }
  }

  Result<SplitBatch> Next() override {
    SplitBatch batch;
    const int64_t count = std::min(rows_per_batch_, end_ - next_);
    if (count == 0) return batch;
    std::vector<uint8_t> order(static_cast<size_t>(count));
    order_.Fill(next_, count, order.data());
    next_ += count;
    std::vector<int64_t> wanted(inputs_.size());
    for (const uint8_t input : order) ++wanted[input];
    // All rows of the first input, then of the second, ...: and from there to their places.
    arrow::RecordBatchVector pieces;
    std::vector<int64_t> at(inputs_.size());
    int64_t rows = 0;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      at[i] = rows;
      rows += wanted[i];
      ARROW_RETURN_NOT_OK(inputs_[i]->Draw(wanted[i], &pieces, &batch.repeated));
    }
    arrow::Int64Builder indices;
    ARROW_RETURN_NOT_OK(indices.Reserve(count));
    for (const uint8_t input : order) indices.UnsafeAppend(at[input]++);
    std::shared_ptr<arrow::Int64Array> places;
    ARROW_RETURN_NOT_OK(indices.Finish(&places));
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches(pieces));
    ARROW_ASSIGN_OR_RAISE(const auto drawn, table->CombineChunksToBatch());
    ARROW_ASSIGN_OR_RAISE(batch.rows, op::TakeRows(*drawn, *places));
    batch.inputs = std::move(order);
    return batch;
  }

 private:
  const mix::DrawOrder& order_;
  const int64_t rows_per_batch_;
  int64_t next_, end_;
  std::vector<std::unique_ptr<InputRows>> inputs_;
};

}  // namespace

Result<std::unique_ptr<SplitReader>> OpenMixed(const OperatorRun& run, const OperatorSplit& split,
                                               std::shared_ptr<arrow::Schema> schema,
                                               std::vector<std::string> columns) {
  return std::make_unique<MixedRows>(run, split, std::move(schema), columns);
}

std::vector<size_t> DrawnShards(const OperatorPlan& plan, const OperatorSplit& split,
                                size_t input) {
  const mix::DrawOrder& order = *plan.mixture->order;
  const int64_t available = plan.mixture->inputs[input].available;
  const int64_t begin = order.DrawnBefore(input, split.mix_begin);
  const int64_t end = order.DrawnBefore(input, split.mix_end);
  std::vector<size_t> shards;
  if (begin == end) return shards;
  const StageInput& from = plan.inputs[input];
  const bool all = end - begin >= available;
  const size_t first = all ? 0 : PlaceOfRow(from, begin % available).shard;
  const size_t last = PlaceOfRow(from, all ? available - 1 : (end - 1) % available).shard;
  const size_t end_shard = PlaceOfRow(from, available - 1).shard;
  for (size_t shard = 0; shard <= end_shard; ++shard) {
    const bool inside = first <= last && !(begin / available < (end - 1) / available && !all)
                            ? shard >= first && shard <= last
                            : shard >= first || shard <= last;  // around the end of an epoch
    if (inside) shards.push_back(shard);
  }
  return shards;
}

}  // namespace millrace::stage
