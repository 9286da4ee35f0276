#include "op/chain_run.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <algorithm>
#include <limits>

#include "base/reserved_columns.h"
#include "op/filter/quota_filter.h"
#include "op/kind_contract.h"
#include "op/row_layout.h"
#include "op/row_selection.h"

namespace millrace::op {
namespace {

constexpr const char* kBesideNames[] = {"position", "tagged", "refined", "generated"};

Status Violation(const Instance& instance, const std::string& what) {
  return MakeError(ErrorCode::kBug,
                   "operator `" + instance.id + "` of type " + instance.type->name + ' ' + what);
}

std::shared_ptr<arrow::Array> Positions(int64_t rows) {
  arrow::Int64Builder builder;
  MILLRACE_CHECK(builder.Reserve(rows).ok());
  for (int64_t i = 0; i < rows; ++i) builder.UnsafeAppend(i);
  return builder.Finish().ValueOrDie();
}

// The columns behind a generator: those of the rows, and what it has made.
arrow::ArrayVector WithMade(const Generator& op, const Generated& made,
                            const arrow::RecordBatch& rows, const arrow::Schema& after) {
  arrow::ArrayVector columns;
  for (const auto& field : after.fields()) columns.push_back(rows.GetColumnByName(field->name()));
  for (size_t i = 0; i < made.columns.size(); ++i) {
    columns[static_cast<size_t>(after.GetFieldIndex(op.writes()[i]->name()))] = made.columns[i];
  }
  return columns;
}

}  // namespace

ChainRun::ChainRun(const Chain& chain, std::shared_ptr<arrow::RecordBatch> rows,
                   const arrow::RecordBatch& stored, const std::vector<GlobalDrops>& drops)
    : chain_(chain),
      drops_(drops),
      rows_(std::move(rows)),
      rejects_(chain),
      counts_(chain.instances().size()) {
  const int64_t count = rows_->num_rows();
  arrow::FieldVector fields;
  arrow::ArrayVector columns = {Positions(count)};
  for (const char* name : kBesideNames) {
    fields.push_back(arrow::field(name, fields.empty() ? arrow::int64() : arrow::uint64(), false));
  }
  const auto none = arrow::MakeArrayFromScalar(arrow::UInt64Scalar(0), count).ValueOrDie();
  while (columns.size() < kLists) columns.push_back(none);
  for (const std::string_view name : {kTagsColumn, kRefinedByColumn, kGeneratedByColumn}) {
    const auto list = stored.GetColumnByName(std::string(name));
    if (list == nullptr) continue;
    fields.push_back(arrow::field(std::string(name), list->type()));
    columns.push_back(list);
  }
  beside_ = arrow::RecordBatch::Make(arrow::schema(fields), count, std::move(columns));
}

Status ChainRun::Step(size_t instance, const std::shared_ptr<arrow::Schema>& after) {
  at_ = instance;
  counts_[at_].reached += rows_->num_rows();
  const Operator& op = *chain_.instances()[at_].op;
  if (op.scope() == Scope::kOrder) return Status::OK();  // the stage's to do
  switch (op.kind()) {
    case Kind::kScore:
    case Kind::kEvaluator:
      return Annotate(static_cast<const Annotator&>(op), after);
    case Kind::kFilter:
      if (op.scope() == Scope::kQuota) return Draw(static_cast<const QuotaFilter&>(op));
      return op.scope() == Scope::kRow ? Judge(static_cast<const Filter&>(op))
                                       : Drop(static_cast<const GlobalFilter&>(op));
    case Kind::kRefiner:
      return Refine(static_cast<const Refiner&>(op), after);
    case Kind::kGenerator:
      return Generate(static_cast<const Generator&>(op), after);
  }
  return Status::OK();
}

Status ChainRun::Owed(const std::string& fault, const RowFailures& failures) const {
  const std::string& found = fault.empty() ? FailuresFault(failures, rows_->num_rows()) : fault;
  return found.empty() ? Status::OK() : Violation(chain_.instances()[at_], found);
}

Status ChainRun::Annotate(const Annotator& op, const std::shared_ptr<arrow::Schema>& after) {
  RowFailures failures;
  ARROW_ASSIGN_OR_RAISE(const arrow::ArrayVector added, op.Annotate(*rows_, &failures));
  ARROW_RETURN_NOT_OK(Owed(AnnotatorFault(op, added, rows_->num_rows()), failures));
  arrow::ArrayVector columns = rows_->columns();
  columns.insert(columns.end(), added.begin(), added.end());
  rows_ = arrow::RecordBatch::Make(after, rows_->num_rows(), std::move(columns));
  return RejectFailures(failures);
}

Status ChainRun::Judge(const Filter& op) {
  RowFailures failures;
  ARROW_ASSIGN_OR_RAISE(const Verdict verdict, op.Judge(*rows_, &failures));
  ARROW_RETURN_NOT_OK(Owed(FilterFault(op, verdict, rows_->num_rows()), failures));
  // Rows it could not judge are rejected as failed, whatever else is said of them.
  std::vector<bool> failed(static_cast<size_t>(rows_->num_rows()));
  for (const RowFailure& failure : failures) failed[static_cast<size_t>(failure.row)] = true;
  CountMeasures(op, *verdict.keep, failed);
  const bool tags = chain_.instances()[at_].common.action == Action::kTag;
  arrow::BooleanBuilder keep, drop;
  ARROW_RETURN_NOT_OK(keep.Reserve(rows_->num_rows()));
  ARROW_RETURN_NOT_OK(drop.Reserve(rows_->num_rows()));
  std::vector<uint8_t> reasons;
  int64_t against = 0;
  for (int64_t row = 0; row < rows_->num_rows(); ++row) {
    const auto index = static_cast<size_t>(row);
    const bool dropped = !verdict.keep->Value(row) && !failed[index];
    against += dropped;
    drop.UnsafeAppend(dropped);
    keep.UnsafeAppend(!dropped && !failed[index]);
    if (dropped) reasons.push_back(verdict.reason.empty() ? uint8_t{0} : verdict.reason[index]);
  }
  std::shared_ptr<arrow::BooleanArray> kept, mask;
  ARROW_RETURN_NOT_OK(keep.Finish(&kept));
  ARROW_RETURN_NOT_OK(drop.Finish(&mask));
  if (tags) {
    if (against > 0) ARROW_RETURN_NOT_OK(Mark(kTagged, mask.get(), &counts_[at_].tagged));
    return RejectFailures(failures);
  }
  if (against == 0 && failures.empty()) return Status::OK();
  ARROW_RETURN_NOT_OK(
      rejects_.AddFailures(at_, failures, *rows_, *beside_->column(kPosition), &counts_[at_]));
  if (against > 0) {
    const auto select = [&](const auto& rows) { return KeepRows(rows, *mask); };
    const bool measures = verdict.measured == nullptr;
    ARROW_ASSIGN_OR_RAISE(const auto dropped, rejects_.SelectShown(at_, *rows_, select, measures));
    ARROW_ASSIGN_OR_RAISE(const auto dropped_beside, KeepRows(*beside_, *mask));
    std::shared_ptr<arrow::Array> measured;
    if (verdict.measured != nullptr) {
      ARROW_ASSIGN_OR_RAISE(const arrow::Datum of_dropped,
                            arrow::compute::Filter(verdict.measured, mask));
      measured = of_dropped.make_array();
    }
    ARROW_RETURN_NOT_OK(rejects_.AddDropped(at_, op, reasons, *dropped,
                                            *dropped_beside->column(kPosition), std::move(measured),
                                            &counts_[at_]));
  }
  return Keep(kept);
}

void ChainRun::CountMeasures(const Filter& op, const arrow::BooleanArray& keep,
                             const std::vector<bool>& failed) {
  const std::vector<std::string> names = op.Measures();
  if (names.empty()) return;
  std::vector<bool> against;
  for (int64_t row = 0; row < keep.length(); ++row) against.push_back(!keep.Value(row));
  std::vector<ValueHistogram> found;
  for (const std::string& name : names) {
    found.emplace_back(name).AddColumn(*rows_->GetColumnByName(name), against, failed);
  }
  AddHistograms(found, &counts_[at_].histograms);
}

Status ChainRun::Drop(const GlobalFilter& op) {
  const GlobalDrops& drops = drops_.at(next_drops_++);
  const auto& positions = static_cast<const arrow::Int64Array&>(*beside_->column(kPosition));
  // Most batches lose nothing.
  if (drops.positions.empty() && drops.from == std::numeric_limits<int64_t>::max()) {
    return Status::OK();
  }
  arrow::BooleanBuilder keep, drop;
  ARROW_RETURN_NOT_OK(keep.Reserve(rows_->num_rows()));
  ARROW_RETURN_NOT_OK(drop.Reserve(rows_->num_rows()));
  std::vector<std::string> thresholds, values;
  size_t next = 0;
  for (int64_t row = 0; row < rows_->num_rows(); ++row) {
    const int64_t position = positions.Value(row);
    const bool named = next < drops.positions.size() && drops.positions[next] == position;
    const bool dropped = named || position >= drops.from;
    if (dropped) {
      thresholds.push_back(named && !drops.thresholds.empty() ? drops.thresholds[next]
                                                              : op.reason().threshold);
      if (!drops.values.empty()) values.push_back(named ? drops.values[next] : "");
    }
    next += named;
    keep.UnsafeAppend(!dropped);
    drop.UnsafeAppend(dropped);
  }
  if (next != drops.positions.size()) {
    return Violation(chain_.instances()[at_], "is to drop a row that does not reach it");
  }
  if (thresholds.empty()) return Status::OK();
  std::shared_ptr<arrow::BooleanArray> kept, mask;
  ARROW_RETURN_NOT_OK(keep.Finish(&kept));
  ARROW_RETURN_NOT_OK(drop.Finish(&mask));
  const auto select = [&](const auto& rows) { return KeepRows(rows, *mask); };
  ARROW_ASSIGN_OR_RAISE(const auto dropped, rejects_.SelectShown(at_, *rows_, select, false));
  ARROW_ASSIGN_OR_RAISE(const auto dropped_beside, KeepRows(*beside_, *mask));
  ARROW_RETURN_NOT_OK(rejects_.AddGlobal(at_, op.reason(), thresholds, values, *dropped,
                                         *dropped_beside->column(kPosition), &counts_[at_]));
  return Keep(kept);
}

Status ChainRun::Draw(const QuotaFilter& op) {
  const GlobalDrops& drops = drops_.at(next_drops_++);
  RowFailures failures;
  ARROW_ASSIGN_OR_RAISE(const std::vector<uint8_t> buckets, op.BucketsOf(*rows_, &failures));
  ARROW_RETURN_NOT_OK(Owed("", failures));
  const std::vector<uint64_t> hashes = op.HashesOf(*rows_);
  const auto& positions = static_cast<const arrow::Int64Array&>(*beside_->column(kPosition));
  std::vector<int64_t> outside, left;
  std::vector<std::string> names;
  arrow::BooleanBuilder keep;
  size_t next_failure = 0, next_named = 0;
  for (int64_t row = 0; row < rows_->num_rows(); ++row) {
    const auto at = static_cast<size_t>(row);
    const uint8_t bucket = buckets[at];
    const int64_t position = positions.Value(row);
    const bool failed = next_failure < failures.size() && failures[next_failure].row == row;
    next_failure += failed;
    const bool named =
        next_named < drops.positions.size() && drops.positions[next_named] == position;
    next_named += named;
    bool drawn = !failed && !named && bucket != kNoBucket;
    if (drawn && !drops.cuts.empty()) {
      const QuotaCut& cut = drops.cuts[bucket];
      drawn = hashes[at] < cut.hash || (hashes[at] == cut.hash && position < cut.position);
    }
    ARROW_RETURN_NOT_OK(keep.Append(drawn));
    if (drawn) {
      buckets_.push_back(bucket);
    } else if (!failed && bucket == kNoBucket) {
      outside.push_back(row);
    } else if (!failed) {
      left.push_back(row);
      names.push_back(op.buckets()[bucket].name);
    }
  }
  if (outside.empty() && left.empty() && failures.empty()) return Status::OK();
  ARROW_RETURN_NOT_OK(
      rejects_.AddFailures(at_, failures, *rows_, *beside_->column(kPosition), &counts_[at_]));
  ARROW_RETURN_NOT_OK(DropAt(outside, op.outside(), std::vector<std::string>(outside.size())));
  ARROW_RETURN_NOT_OK(DropAt(left, op.reason(), names));
  std::shared_ptr<arrow::BooleanArray> kept;
  ARROW_RETURN_NOT_OK(keep.Finish(&kept));
  return Keep(kept);
}

Status ChainRun::DropAt(const std::vector<int64_t>& rows, const Reason& reason,
                        const std::vector<std::string>& thresholds) {
  if (rows.empty()) return Status::OK();
  arrow::Int64Builder builder;
  ARROW_RETURN_NOT_OK(builder.AppendValues(rows));
  std::shared_ptr<arrow::Int64Array> indices;
  ARROW_RETURN_NOT_OK(builder.Finish(&indices));
  const auto select = [&](const auto& of) { return TakeRows(of, *indices); };
  ARROW_ASSIGN_OR_RAISE(const auto dropped, rejects_.SelectShown(at_, *rows_, select, false));
  ARROW_ASSIGN_OR_RAISE(const auto dropped_beside, TakeRows(*beside_, *indices));
  return rejects_.AddGlobal(at_, reason, thresholds, {}, *dropped,
                            *dropped_beside->column(kPosition), &counts_[at_]);
}

Reached ChainRun::Here() const {
  return {rows_, std::static_pointer_cast<arrow::Int64Array>(beside_->column(kPosition))};
}

Status ChainRun::Refine(const Refiner& op, const std::shared_ptr<arrow::Schema>& after) {
  RowFailures failures;
  ARROW_ASSIGN_OR_RAISE(const Refined refined, op.Refine(*rows_, &failures));
  ARROW_RETURN_NOT_OK(Owed(RefinerFault(op, refined, *rows_), failures));
  rows_ = refined.rows;
  if (refined.changed != nullptr && refined.changed->true_count() > 0) {
    ARROW_RETURN_NOT_OK(Mark(kRefined, refined.changed.get(), &counts_[at_].refined));
  }
  return RejectFailures(failures);
}

Status ChainRun::Generate(const Generator& op, const std::shared_ptr<arrow::Schema>& after) {
  RowFailures failures;
  ARROW_ASSIGN_OR_RAISE(Generated made, op.Generate(*rows_, &failures));
  ARROW_RETURN_NOT_OK(Owed(GeneratorFault(op, made, failures, rows_->num_rows()), failures));
  const auto parents = rows_;
  if (made.parents != nullptr) {
    // Parents that failed are rejected; they have no children.
    ARROW_RETURN_NOT_OK(
        rejects_.AddFailures(at_, failures, *rows_, *beside_->column(kPosition), &counts_[at_]));
    counts_[at_].expanded += rows_->num_rows() - static_cast<int64_t>(failures.size());
    counts_[at_].derived += made.parents->length();
    return MakeChildren(made, parents, after);
  }
  arrow::ArrayVector columns = WithMade(op, made, *parents, *after);
  rows_ = arrow::RecordBatch::Make(after, parents->num_rows(), std::move(columns));
  ARROW_RETURN_NOT_OK(Mark(kGenerated, nullptr, nullptr));
  return RejectFailures(failures);
}

Status ChainRun::MakeChildren(const Generated& made,
                              const std::shared_ptr<arrow::RecordBatch>& parents,
                              const std::shared_ptr<arrow::Schema>& after) {
  const auto& op = static_cast<const Generator&>(*chain_.instances()[at_].op);
  ARROW_ASSIGN_OR_RAISE(const auto taken, TakeRows(*parents, *made.parents));
  ARROW_ASSIGN_OR_RAISE(beside_, TakeRows(*beside_, *made.parents));
  arrow::ArrayVector columns = WithMade(op, made, *taken, *after);
  const auto row_id = static_cast<size_t>(after->GetFieldIndex(std::string(kRowIdColumn)));
  const auto& ids = static_cast<const arrow::StringArray&>(*columns[row_id]);
  arrow::StringBuilder children;
  std::string id;
  int64_t number = 0;
  for (int64_t i = 0; i < ids.length(); ++i) {
    number = i > 0 && made.parents->Value(i) == made.parents->Value(i - 1) ? number + 1 : 0;
    id = ids.GetView(i);
    id += '/' + chain_.instances()[at_].id + '.' + std::to_string(number);
    ARROW_RETURN_NOT_OK(children.Append(id));
  }
  ARROW_ASSIGN_OR_RAISE(columns[row_id], children.Finish());
  rows_ = arrow::RecordBatch::Make(after, taken->num_rows(), std::move(columns));
  return Mark(kGenerated, nullptr, nullptr);
}

Status ChainRun::RejectFailures(const RowFailures& failures) {
  if (failures.empty()) return Status::OK();
  ARROW_RETURN_NOT_OK(
      rejects_.AddFailures(at_, failures, *rows_, *beside_->column(kPosition), &counts_[at_]));
  arrow::BooleanBuilder keep;
  size_t next = 0;
  for (int64_t row = 0; row < rows_->num_rows(); ++row) {
    const bool failed = next < failures.size() && failures[next].row == row;
    next += failed;
    ARROW_RETURN_NOT_OK(keep.Append(!failed));
  }
  std::shared_ptr<arrow::BooleanArray> kept;
  ARROW_RETURN_NOT_OK(keep.Finish(&kept));
  return Keep(kept);
}

Status ChainRun::Keep(const std::shared_ptr<arrow::BooleanArray>& keep) {
  ARROW_ASSIGN_OR_RAISE(rows_, KeepRows(*rows_, *keep));
  ARROW_ASSIGN_OR_RAISE(beside_, KeepRows(*beside_, *keep));
  return Status::OK();
}

Status ChainRun::Mark(Beside column, const arrow::BooleanArray* where, int64_t* rows) {
  const auto& before = static_cast<const arrow::UInt64Array&>(*beside_->column(column));
  const uint64_t bit = uint64_t{1} << at_;
  arrow::UInt64Builder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(before.length()));
  for (int64_t row = 0; row < before.length(); ++row) {
    const bool set = where == nullptr || where->Value(row);
    builder.UnsafeAppend(before.Value(row) | (set ? bit : 0));
  }
  if (rows != nullptr) *rows += where == nullptr ? before.length() : where->true_count();
  ARROW_ASSIGN_OR_RAISE(const auto after, builder.Finish());
  ARROW_ASSIGN_OR_RAISE(beside_,
                        beside_->SetColumn(column, beside_->schema()->field(column), after));
  return Status::OK();
}

Result<std::shared_ptr<arrow::Array>> ChainRun::MarkList(std::string_view column,
                                                         Beside bits) const {
  const auto before = beside_->GetColumnByName(std::string(column));
  const auto& marks = static_cast<const arrow::UInt64Array&>(*beside_->column(bits));
  auto words = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), words);
  for (int64_t row = 0; row < marks.length(); ++row) {
    ARROW_RETURN_NOT_OK(lists.Append());
    if (before != nullptr) {
      const auto& list = static_cast<const arrow::ListArray&>(*before);
      const auto& values = static_cast<const arrow::StringArray&>(*list.values());
      for (int64_t i = list.value_offset(row); i < list.value_offset(row) + list.value_length(row);
           ++i) {
        ARROW_RETURN_NOT_OK(words->Append(values.GetView(i)));
      }
    }
    const uint64_t set = marks.Value(row);
    for (size_t i = 0; set >> i != 0; ++i) {
      if ((set >> i & 1) != 0) ARROW_RETURN_NOT_OK(words->Append(chain_.instances()[i].id));
      if (i == kInstancesMax - 1) break;
    }
  }
  return lists.Finish();
}

Result<ChainResult> ChainRun::Finish() {
  ChainResult result;
  arrow::ArrayVector marks;
  for (const auto& field : chain_.stored()->fields()) {
    const std::string& name = field->name();
    const Beside bits = name == kTagsColumn          ? kTagged
                        : name == kRefinedByColumn   ? kRefined
                        : name == kGeneratedByColumn ? kGenerated
                                                     : kPosition;
    if (bits == kPosition) continue;
    ARROW_ASSIGN_OR_RAISE(marks.emplace_back(), MarkList(name, bits));
  }
  ARROW_ASSIGN_OR_RAISE(result.rows, ToStored(*rows_, marks, chain_.stored()));
  ARROW_ASSIGN_OR_RAISE(result.rejects, rejects_.Finish());
  result.instances = std::move(counts_);
  result.buckets = std::move(buckets_);
  return result;
}

}  // namespace millrace::op
