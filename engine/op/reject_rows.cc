#include "op/reject_rows.h"

#include <arrow/api.h>

#include <algorithm>

#include "base/reserved_columns.h"
#include "op/row_layout.h"
#include "op/row_selection.h"

namespace millrace::op {
namespace {

const arrow::StringArray& RowIds(const arrow::RecordBatch& rows) {
  return static_cast<const arrow::StringArray&>(*rows.GetColumnByName(std::string(kRowIdColumn)));
}

std::string_view SourceOf(std::string_view row_id) { return row_id.substr(0, row_id.find('/')); }

Status AppendText(arrow::StringBuilder& builder, std::string_view text) {
  return text.empty() ? builder.AppendNull() : builder.Append(text);
}

}  // namespace

Status RejectRows::Append(size_t instance, const Reason& reason, int64_t position,
                          std::string_view row_id, std::string_view value) {
  const Instance& by = chain_.instances()[instance];
  ARROW_RETURN_NOT_OK(position_.Append(position));
  ARROW_RETURN_NOT_OK(full_.Append(by.common.rejects == RejectDetail::kFull));
  ARROW_RETURN_NOT_OK(source_.Append(SourceOf(row_id)));
  ARROW_RETURN_NOT_OK(instance_.Append(by.id));
  ARROW_RETURN_NOT_OK(rule_.Append(reason.rule));
  ARROW_RETURN_NOT_OK(AppendText(column_, reason.column));
  ARROW_RETURN_NOT_OK(AppendText(value_, value));
  ARROW_RETURN_NOT_OK(AppendText(threshold_, reason.threshold));
  ARROW_RETURN_NOT_OK(message_.Append(reason.message));
  return row_id_.Append(row_id);
}

Status RejectRows::AddScores(const arrow::RecordBatch& rows) {
  const auto scores = chain_.rejects()->GetFieldByName(std::string(kScoresColumn));
  if (scores == nullptr) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(scores_.emplace_back(), GatherScores(rows, *scores->type()));
  return Status::OK();
}

Status RejectRows::AddFailures(size_t instance, const RowFailures& failures,
                               const arrow::RecordBatch& rows, const arrow::Array& positions,
                               InstanceRows* counts) {
  if (failures.empty()) return Status::OK();
  const auto& ids = RowIds(rows);
  const bool count_only = chain_.instances()[instance].common.rejects == RejectDetail::kCount;
  arrow::Int64Builder indices;
  for (const RowFailure& failure : failures) {
    const std::string_view id = ids.GetView(failure.row);
    ++counts->reasons[{std::string(SourceOf(id)), failure.rule, ""}];
    ++counts->dropped;
    if (count_only) continue;
    const Reason reason{failure.rule, "", "", failure.message};
    const int64_t position = static_cast<const arrow::Int64Array&>(positions).Value(failure.row);
    ARROW_RETURN_NOT_OK(Append(instance, reason, position, id, ""));
    ARROW_RETURN_NOT_OK(indices.Append(failure.row));
  }
  if (count_only) return Status::OK();
  std::shared_ptr<arrow::Int64Array> failed;
  ARROW_RETURN_NOT_OK(indices.Finish(&failed));
  const auto select = [&](const auto& of) { return TakeRows(of, *failed); };
  ARROW_ASSIGN_OR_RAISE(const auto shown, SelectShown(instance, rows, select, /*measured=*/false));
  return AddScores(*shown);
}

std::set<std::string> RejectRows::ShownOf(const Instance& instance, bool measured) const {
  std::set<std::string> names = {std::string(kRowIdColumn)};
  if (instance.common.rejects == RejectDetail::kCount) return names;
  const auto& reads = instance.op->reads();
  if (measured) names.insert(reads.begin(), reads.end());
  const auto scores = chain_.rejects()->GetFieldByName(std::string(kScoresColumn));
  if (scores == nullptr) return names;
  for (const auto& of : scores->type()->fields()) {
    for (const auto& measure : of->type()->fields())
      names.insert(of->name() + '.' + measure->name());
  }
  return names;
}

Result<std::shared_ptr<arrow::RecordBatch>> RejectRows::SelectShown(size_t instance,
                                                                    const arrow::RecordBatch& rows,
                                                                    const Select& select,
                                                                    bool measured) const {
  const std::set<std::string> names = ShownOf(chain_.instances()[instance], measured);
  std::vector<int> shown;
  for (int i = 0; i < rows.num_columns(); ++i) {
    if (names.count(rows.column_name(i)) > 0) shown.push_back(i);
  }
  ARROW_ASSIGN_OR_RAISE(const auto part, rows.SelectColumns(shown));
  ARROW_ASSIGN_OR_RAISE(const auto selected, select(*part));
  arrow::ArrayVector columns(static_cast<size_t>(rows.num_columns()));
  for (size_t i = 0; i < shown.size(); ++i) {
    columns[static_cast<size_t>(shown[i])] = selected->column(static_cast<int>(i));
  }
  for (int i = 0; i < rows.num_columns(); ++i) {
    auto& column = columns[static_cast<size_t>(i)];
    if (column != nullptr) continue;
    const auto& type = rows.schema()->field(i)->type();
    ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(type, selected->num_rows()));
  }
  return arrow::RecordBatch::Make(rows.schema(), selected->num_rows(), std::move(columns));
}

Status RejectRows::AddDropped(size_t instance, const Filter& op,
                              const std::vector<uint8_t>& reasons,
                              const arrow::RecordBatch& dropped, const arrow::Array& positions,
                              std::shared_ptr<arrow::Array> measured, InstanceRows* counts) {
  const auto& ids = RowIds(dropped);
  const bool count_only = chain_.instances()[instance].common.rejects == RejectDetail::kCount;
  if (!count_only && measured == nullptr) {
    ARROW_ASSIGN_OR_RAISE(measured, op.Measured(dropped));
  }
  const auto* values = static_cast<const arrow::StringArray*>(measured.get());
  counts->dropped += dropped.num_rows();
  for (int64_t row = 0; row < dropped.num_rows(); ++row) {
    const Reason& reason = op.reasons()[reasons[static_cast<size_t>(row)]];
    const std::string_view id = ids.GetView(row);
    ++counts->reasons[{std::string(SourceOf(id)), reason.rule, reason.column}];
    if (count_only) continue;
    const int64_t position = static_cast<const arrow::Int64Array&>(positions).Value(row);
    const bool has_value = values != nullptr && values->IsValid(row);
    ARROW_RETURN_NOT_OK(
        Append(instance, reason, position, id, has_value ? values->GetView(row) : ""));
  }
  return count_only ? Status::OK() : AddScores(dropped);
}

Status RejectRows::AddGlobal(size_t instance, const Reason& reason,
                             const std::vector<std::string>& thresholds,
                             const std::vector<std::string>& values,
                             const arrow::RecordBatch& dropped, const arrow::Array& positions,
                             InstanceRows* counts) {
  const auto& ids = RowIds(dropped);
  const bool count_only = chain_.instances()[instance].common.rejects == RejectDetail::kCount;
  Reason of_row = reason;
  counts->dropped += dropped.num_rows();
  for (int64_t row = 0; row < dropped.num_rows(); ++row) {
    const std::string_view id = ids.GetView(row);
    ++counts->reasons[{std::string(SourceOf(id)), reason.rule, reason.column}];
    if (count_only) continue;
    of_row.threshold = thresholds[static_cast<size_t>(row)];
    const int64_t position = static_cast<const arrow::Int64Array&>(positions).Value(row);
    std::string_view value;
    if (!values.empty()) value = values[static_cast<size_t>(row)];
    ARROW_RETURN_NOT_OK(Append(instance, of_row, position, id, value));
  }
  return count_only ? Status::OK() : AddScores(dropped);
}

Result<std::shared_ptr<arrow::RecordBatch>> RejectRows::Finish() {
  const int64_t rows = position_.length();
  if (rows == 0) return nullptr;
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder :
       std::vector<arrow::ArrayBuilder*>{&position_, &full_, &source_, &instance_, &rule_, &column_,
                                         &value_, &threshold_, &message_, &row_id_}) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish());
  }
  if (!scores_.empty()) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), arrow::Concatenate(scores_));
  }
  auto batch = arrow::RecordBatch::Make(chain_.rejects(), rows, std::move(columns));
  // By where the rows stood: in which order the instances dropped them does not show.
  const auto& positions = static_cast<const arrow::Int64Array&>(*batch->column(0));
  std::vector<int64_t> order(static_cast<size_t>(rows));
  for (int64_t i = 0; i < rows; ++i) order[static_cast<size_t>(i)] = i;
  const auto before = [&](int64_t a, int64_t b) { return positions.Value(a) < positions.Value(b); };
  if (std::is_sorted(order.begin(), order.end(), before)) return batch;
  std::stable_sort(order.begin(), order.end(), before);
  arrow::Int64Builder indices;
  ARROW_RETURN_NOT_OK(indices.AppendValues(order));
  std::shared_ptr<arrow::Int64Array> sorted;
  ARROW_RETURN_NOT_OK(indices.Finish(&sorted));
  return TakeRows(*batch, *sorted);
}

}  // namespace millrace::op
