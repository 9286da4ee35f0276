#include "stage/operators/input_amounts.h"

#include <arrow/api.h>
#include <arrow/ipc/api.h>

#include <algorithm>

#include "base/reserved_columns.h"
#include "base/sha256.h"
#include "expr/expression.h"
#include "op/row_layout.h"
#include "stage/identity.h"
#include "stage/operators/amounts.h"
#include "stage/operators/ipc_file.h"
#include "stage/operators/reach.h"
#include "stage/operators/split_rows.h"
#include "stage/ordered_queue.h"

namespace millrace::stage {
namespace {

constexpr int64_t kRowsPerBatch = 1 << 13;

std::shared_ptr<arrow::Schema> AmountSchema() {
  return arrow::schema({arrow::field("bytes", arrow::int64(), false),
                        arrow::field("tokens", arrow::int64(), false)});
}

/// What is measured of an input.
struct Measured {
  bool bytes = false, images = false;
  std::string counter;  // of tokens, or of images; "" for neither
  bool any() const { return bytes || !counter.empty(); }

  Result<std::vector<int64_t>> CountsOf(const arrow::RecordBatch& stored) const {
    return images ? ImagesOfRows(stored, counter) : TokensOfRows(stored, counter);
  }
};

Measured WhatOf(const Mixture& mixture, size_t input) {
  Measured what;
  what.bytes = mixture.unit == Mixture::Unit::kBytes || mixture.inputs[input].bytes_max >= 0;
  what.images = mixture.unit == Mixture::Unit::kImages;
  if (mixture.unit == Mixture::Unit::kTokens) what.counter = mixture.tokens;
  if (what.images) what.counter = mixture.images;
  return what;
}

// The columns that must be read; what is in reserved ones may be a measure.
Result<std::vector<std::string>> ColumnsOf(const Measured& what, const arrow::Schema& stored) {
  if (what.bytes) return stored.field_names();
  const auto column = stored.GetFieldByName(what.counter);
  if (what.images && column != nullptr && HoldsImages(*column->type())) {
    return std::vector<std::string>{what.counter};
  }
  ARROW_ASSIGN_OR_RAISE(const auto expression, expr::Expression::Parse(what.counter));
  const auto reads = expression.ColumnsOf(*op::WorkingSchema(stored));
  std::vector<std::string> columns;
  for (const std::string& name : stored.field_names()) {
    const bool is_read = std::find(reads.begin(), reads.end(), name) != reads.end();
    if (IsReservedColumn(name) || is_read) columns.push_back(name);
  }
  return columns;
}

/// Cuts amounts into batches by count alone.
class AmountWriter {
 public:
  Status Open(const StageStore& place, const std::string& name) {
    return file_.Open(place.store(), place.Key("amounts/" + name), AmountSchema());
  }
  Status Add(int64_t bytes, int64_t tokens) {
    ARROW_RETURN_NOT_OK(bytes_.Append(bytes));
    ARROW_RETURN_NOT_OK(tokens_.Append(tokens));
    return bytes_.length() == kRowsPerBatch ? Flush() : Status::OK();
  }
  Result<io::DataFile> Finish() {
    ARROW_RETURN_NOT_OK(Flush());
    return file_.Finish();
  }

 private:
  Status Flush() {
    const int64_t rows = bytes_.length();
    if (rows == 0) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto bytes, bytes_.Finish());
    ARROW_ASSIGN_OR_RAISE(const auto tokens, tokens_.Finish());
    return file_.Write(*arrow::RecordBatch::Make(AmountSchema(), rows, {bytes, tokens}));
  }

  IpcFile file_;
  arrow::Int64Builder bytes_, tokens_;
};

Result<CommitRecord> Measure(const OperatorRun& run, const OperatorSplit& split,
                             const Measured& what, const std::atomic<bool>& stop) {
  const auto& schema = run.plan.chain->input();
  ARROW_ASSIGN_OR_RAISE(auto columns, ColumnsOf(what, *schema));
  ShardRange rows(run, run.plan.inputs[static_cast<size_t>(split.input)], split.begin, split.end, 0,
                  schema, std::move(columns));
  AmountWriter writer;
  ARROW_RETURN_NOT_OK(writer.Open(run.place, split.name));
  CommitRecord record;
  record.split_name = split.name;
  Amount& sum = record.mixture.emplace_back();
  for (;;) {
    if (run.cancelled() || stop) return Status::Cancelled("cancelled; running again resumes");
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next());
    if (batch == nullptr) break;
    std::vector<int64_t> bytes(static_cast<size_t>(batch->num_rows()));
    if (what.bytes) {
      ARROW_ASSIGN_OR_RAISE(bytes, BytesOfRows(*batch));
    }
    ARROW_ASSIGN_OR_RAISE(const auto counts, what.CountsOf(*batch));
    for (size_t row = 0; row < bytes.size(); ++row) {
      const Amount of = {1, std::max<int64_t>(1, bytes[row]), std::max<int64_t>(1, counts[row])};
      sum.Add(of);
      ARROW_RETURN_NOT_OK(writer.Add(of.bytes, of.tokens));
    }
  }
  record.rows.read = sum.rows;
  KeySummary& file = record.keys.emplace_back();
  file.column = "amounts";
  ARROW_ASSIGN_OR_RAISE(file.file, writer.Finish());
  file.file.path = run.place.PathOf(file.file.path);
  return record;
}

/// One column of the summaries, `tokens` holding what is counted: rows in order, and the sum before
/// each.
class AmountCursor {
 public:
  AmountCursor(const StageStore& place, const std::vector<CommitRecord>& splits, bool bytes)
      : place_(place), splits_(splits), column_(bytes ? 0 : 1) {
    for (const CommitRecord& split : splits) {
      const Amount& amount = split.mixture.at(0);
      first_row_.push_back(rows_);
      first_sum_.push_back(sums_);
      rows_ += amount.rows;
      sums_ += bytes ? amount.bytes : amount.tokens;
    }
  }

  /// The number of rows whose sum before them is below `sum`, and that sum of the next row.
  Result<int64_t> RowsBelow(int64_t sum) {
    if (sum <= 0) return 0;
    if (sum > sums_ || splits_.empty()) return rows_;
    // The first row at or over the sum lies in the last split that begins below it, or next to it.
    const auto after = std::lower_bound(first_sum_.begin(), first_sum_.end(), sum);
    ARROW_RETURN_NOT_OK(Seek(static_cast<size_t>(after - first_sum_.begin()) - 1,
                             [sum](int64_t, int64_t before) { return before >= sum; }));
    return row_;
  }
  Result<int64_t> SumBefore(int64_t row) {
    if (row >= rows_) return sums_;
    const auto after = std::upper_bound(first_row_.begin(), first_row_.end(), row);
    ARROW_RETURN_NOT_OK(Seek(static_cast<size_t>(after - first_row_.begin()) - 1,
                             [row](int64_t at, int64_t) { return at >= row; }));
    return sum_;
  }
  /// The rows that have no more than `sum` together.
  Result<int64_t> RowsWithin(int64_t sum) {
    if (sum >= sums_) return rows_;
    ARROW_ASSIGN_OR_RAISE(const int64_t rows, RowsBelow(sum + 1));
    return rows - 1;  // the last of them is over it
  }

 private:
  // To the first row of the split, or behind its last, of which `found` holds. It holds for all
  // behind it.
  template <typename Found>
  Status Seek(size_t split, const Found& found) {
    if (split == split_ && file_ != nullptr && found(row_, sum_) && row_ > first_row_[split] &&
        !found(row_ - 1, last_sum_)) {
      return Status::OK();  // as the last time
    }
    if (split != split_ || file_ == nullptr || found(row_, sum_)) {
      split_ = split;
      ARROW_ASSIGN_OR_RAISE(file_, OpenIpcFile(place_, splits_[split].keys.at(0).file.path));
      batch_ = 0;
      in_batch_ = 0;
      values_ = nullptr;
      row_ = first_row_[split];
      sum_ = first_sum_[split];
    }
    while (!found(row_, sum_)) {
      if (values_ == nullptr || in_batch_ == values_->length()) {
        if (batch_ == file_->num_record_batches()) return Status::OK();
        ARROW_ASSIGN_OR_RAISE(const auto rows, file_->ReadRecordBatch(batch_++));
        values_ = std::static_pointer_cast<arrow::Int64Array>(rows->column(column_));
        in_batch_ = 0;
      }
      last_sum_ = sum_;
      sum_ += values_->Value(in_batch_++);
      ++row_;
    }
    return Status::OK();
  }

  const StageStore& place_;
  const std::vector<CommitRecord>& splits_;
  int column_;
  std::vector<int64_t> first_row_, first_sum_;
  int64_t rows_ = 0, sums_ = 0;
  // Where it stands.
  size_t split_ = 0;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  int batch_ = 0;
  std::shared_ptr<arrow::Int64Array> values_;
  int64_t in_batch_ = 0, row_ = 0, sum_ = 0;
  int64_t last_sum_ = 0;  // before the row before
};

class Amounts : public InputAmounts {
 public:
  Amounts(const StageStore& place, std::vector<CommitRecord> splits, Mixture::Unit unit)
      : splits_(std::move(splits)),
        bytes_(place, splits_, true),
        units_(place, splits_, unit == Mixture::Unit::kBytes) {}
  Result<int64_t> RowsWithin(int64_t bytes) override { return bytes_.RowsWithin(bytes); }
  Result<int64_t> UnitsOf(int64_t rows) override { return units_.SumBefore(rows); }
  Result<int64_t> RowsBefore(int64_t units) override { return units_.RowsBelow(units); }

 private:
  std::vector<CommitRecord> splits_;
  AmountCursor bytes_, units_;
};

}  // namespace

UnitOfWork MeasureUnit(const OperatorRun& run, const Mixture& mixture, const OperatorSplit& split,
                       const std::atomic<bool>& stop) {
  const Measured what = WhatOf(mixture, static_cast<size_t>(split.input));
  Sha256 hash;
  for (const std::string& field :
       {std::string("amounts"), std::string(what.bytes ? "bytes" : ""),
        what.images ? "images " + what.counter : what.counter, split.id}) {
    hash.UpdateField(field);
  }
  UnitOfWork unit;
  unit.id = FinishIdentity(hash);
  unit.make = [&run, &split, what, &stop] { return Measure(run, split, what, stop); };
  return unit;
}

Result<std::vector<std::unique_ptr<InputAmounts>>> MeasureInputs(const OperatorRun& run,
                                                                 const Mixture& mixture) {
  std::vector<OperatorSplit> splits;
  std::vector<size_t> in_input;  // which of its input's splits each of them is
  for (size_t i = 0; i < run.plan.inputs.size(); ++i) {
    if (!WhatOf(mixture, i).any()) continue;
    for (OperatorSplit& split : PlanInputSplits(run.plan, i)) {
      const bool first = splits.empty() || splits.back().input != split.input;
      in_input.push_back(first ? 0 : in_input.back() + 1);
      splits.push_back(std::move(split));
    }
  }
  std::vector<CommitRecord> records(splits.size());
  size_t failed = 0;
  ARROW_RETURN_NOT_OK(RunInOrder(
      splits.size(), run.AtOnce(run.active_splits),
      [&](size_t index, const std::atomic<bool>& stop) {
        UnitOfWork unit = MeasureUnit(run, mixture, splits[index], stop);
        unit.call = [&] {
          UnitCall call;
          call.kind = UnitKind::kMeasure;
          call.index = in_input[index];
          call.name = splits[index].name;
          call.instance = static_cast<size_t>(splits[index].input);
          return call;
        };
        ARROW_ASSIGN_OR_RAISE(OperatorSplitResult result, CommittedUnit(run, unit, stop));
        records[index] = std::move(result.record);
        return Status::OK();
      },
      &failed));
  std::vector<std::unique_ptr<InputAmounts>> amounts(run.plan.inputs.size());
  for (size_t i = 0; i < amounts.size(); ++i) {
    if (!WhatOf(mixture, i).any()) continue;
    std::vector<CommitRecord> own;
    for (size_t split = 0; split < splits.size(); ++split) {
      if (splits[split].input == static_cast<int>(i)) own.push_back(std::move(records[split]));
    }
    amounts[i] = std::make_unique<Amounts>(run.place, std::move(own), mixture.unit);
  }
  return amounts;
}

}  // namespace millrace::stage
