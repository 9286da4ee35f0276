#include "op/chain.h"

#include <arrow/compute/api.h>

#include <algorithm>
#include <set>

#include "base/reserved_columns.h"
#include "op/chain_run.h"
#include "op/filter/quota_filter.h"
#include "op/kind_contract.h"
#include "op/row_layout.h"

namespace millrace::op {
namespace {

bool HasColumn(const arrow::Schema& schema, std::string_view name) {
  return schema.GetFieldIndex(std::string(name)) >= 0;
}

// Fields that are there already are set, others are added.
std::shared_ptr<arrow::Schema> WithFields(const arrow::Schema& schema,
                                          const arrow::FieldVector& added) {
  arrow::FieldVector fields = schema.fields();
  for (const auto& field : added) {
    const auto same = std::find_if(fields.begin(), fields.end(), [&](const auto& other) {
      return other->name() == field->name();
    });
    if (same != fields.end()) {
      *same = field;
    } else {
      fields.push_back(field);
    }
  }
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::Schema> RejectColumns(const arrow::Schema& working) {
  using arrow::field;
  arrow::FieldVector fields = {field("position", arrow::int64(), false),
                               field("full", arrow::boolean(), false),
                               field("source", arrow::utf8(), false),
                               field("instance", arrow::utf8(), false),
                               field("rule", arrow::utf8(), false),
                               field("column", arrow::utf8()),
                               field("value", arrow::utf8()),
                               field("threshold", arrow::utf8()),
                               field("message", arrow::utf8(), false)};
  const auto stored = StoredSchema(working, {});
  fields.push_back(stored->GetFieldByName(std::string(kRowIdColumn)));
  if (const auto scores = stored->GetFieldByName(std::string(kScoresColumn))) {
    fields.push_back(scores);
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

void InstanceRows::Add(const InstanceRows& other) {
  reached += other.reached;
  dropped += other.dropped;
  tagged += other.tagged;
  refined += other.refined;
  expanded += other.expanded;
  derived += other.derived;
  for (const auto& [reason, rows] : other.reasons) reasons[reason] += rows;
  AddHistograms(other.histograms, &histograms);
}

ChainColumns::ChainColumns(const arrow::Schema& stored)
    : working_(WorkingSchema(stored)),
      tags_(HasColumn(stored, kTagsColumn)),
      refined_(HasColumn(stored, kRefinedByColumn)),
      generated_(HasColumn(stored, kGeneratedByColumn)) {}

void ChainColumns::Add(const Instance& instance) {
  if (instance.op->scope() == Scope::kOrder) return;
  switch (instance.op->kind()) {
    case Kind::kScore:
    case Kind::kEvaluator:
      working_ = WithFields(*working_, static_cast<const Annotator&>(*instance.op).adds());
      break;
    case Kind::kFilter:
      tags_ |= instance.common.action == Action::kTag;
      break;
    case Kind::kRefiner:
      working_ = static_cast<const Refiner&>(*instance.op).output();
      refined_ = true;
      break;
    case Kind::kGenerator:
      working_ = WithFields(*working_, static_cast<const Generator&>(*instance.op).writes());
      generated_ = true;
      break;
  }
}

std::shared_ptr<arrow::Schema> ChainColumns::Stored() const {
  std::vector<std::string> marks;
  if (tags_) marks.emplace_back(kTagsColumn);
  if (refined_) marks.emplace_back(kRefinedByColumn);
  if (generated_) marks.emplace_back(kGeneratedByColumn);
  return StoredSchema(*working_, marks);
}

Result<std::shared_ptr<const Chain>> Chain::Make(std::shared_ptr<arrow::Schema> input,
                                                 std::vector<Instance> instances) {
  MILLRACE_CHECK(instances.size() <= kInstancesMax);
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  auto chain = std::shared_ptr<Chain>(new Chain);
  ChainColumns columns(*input);
  chain->working_.push_back(columns.working());
  arrow::FieldVector measures;
  for (const Instance& instance : instances) {
    const std::string fault = BoundFault(*instance.op, instance.id, *columns.working());
    if (!fault.empty()) {
      return MakeError(ErrorCode::kBug, "operator `" + instance.id + "` of type " +
                                            instance.type->name + ' ' + fault);
    }
    const Scope scope = instance.op->scope();
    if (scope != Scope::kRow && scope != Scope::kOrder) {
      chain->globals_.push_back(&instance - &instances[0]);
    }
    columns.Add(instance);
    chain->working_.push_back(columns.working());
    for (const auto& field : columns.working()->fields()) {
      if (IsMeasure(field->name())) measures.push_back(field);
    }
  }
  chain->input_ = std::move(input);
  chain->stored_ = columns.Stored();
  // A measure that is dropped again was there when a row was rejected.
  chain->rejects_ = RejectColumns(*WithFields(*chain->working_.front(), measures));
  chain->instances_ = std::move(instances);
  return std::shared_ptr<const Chain>(std::move(chain));
}

int64_t Chain::batch_rows() const {
  int64_t rows = 0;
  for (const Instance& instance : instances_) rows = std::max(rows, instance.op->batch_rows());
  return rows;
}

const Orderer* Chain::order() const {
  if (instances_.empty() || instances_.back().op->scope() != Scope::kOrder) return nullptr;
  return static_cast<const Orderer*>(instances_.back().op.get());
}

const QuotaFilter* Chain::quota() const {
  if (globals_.empty()) return nullptr;
  const Operator& last = *instances_[globals_.back()].op;
  return last.scope() == Scope::kQuota ? static_cast<const QuotaFilter*>(&last) : nullptr;
}

std::vector<std::string> Chain::ColumnsFor(size_t instance) const {
  std::set<std::string> read = {std::string(kRowIdColumn)};
  for (size_t i = 0; i <= instance; ++i) {
    const auto& reads = instances_[i].op->reads();
    read.insert(reads.begin(), reads.end());
  }
  std::vector<std::string> columns;
  for (const auto& field : input_->fields()) {
    const std::string& name = field->name();
    // A measure or finding that is read is inside a reserved column.
    if (IsReservedColumn(name) || read.count(name) > 0) columns.push_back(name);
  }
  return columns;
}

Result<Reached> Chain::Reach(const arrow::RecordBatch& stored, size_t instance,
                             const std::vector<GlobalDrops>& drops) const {
  ARROW_ASSIGN_OR_RAISE(auto rows, ToWorking(stored, working_.front()));
  ChainRun run(*this, std::move(rows), stored, drops);
  for (size_t i = 0; i < instance; ++i) {
    ARROW_RETURN_NOT_OK(run.Step(i, working_[i + 1]));
  }
  return run.Here();
}

Result<ChainResult> Chain::Apply(const arrow::RecordBatch& stored,
                                 const std::vector<GlobalDrops>& drops) const {
  return Trace(stored, drops, nullptr);
}

Result<ChainResult> Chain::Trace(const arrow::RecordBatch& stored,
                                 const std::vector<GlobalDrops>& drops,
                                 arrow::RecordBatchVector* steps) const {
  MILLRACE_CHECK(drops.size() == globals_.size());
  ARROW_ASSIGN_OR_RAISE(auto rows, ToWorking(stored, working_.front()));
  ChainRun run(*this, std::move(rows), stored, drops);
  if (steps != nullptr) steps->push_back(run.Here().rows);
  for (size_t i = 0; i < instances_.size(); ++i) {
    ARROW_RETURN_NOT_OK(run.Step(i, working_[i + 1]));
    if (steps != nullptr) steps->push_back(run.Here().rows);
  }
  return run.Finish();
}

}  // namespace millrace::op
