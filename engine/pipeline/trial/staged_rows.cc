#include "pipeline/trial/staged_rows.h"

#include <arrow/api.h>

#include <algorithm>

#include "base/reserved_columns.h"
#include "base/utf8.h"
#include "contract/value_text.h"
#include "op/filter/quota_filter.h"
#include "op/request.h"
#include "op/row_layout.h"
#include "pipeline/trial/shown_reject.h"
#include "stage/key_digest.h"
#include "stage/operators/near_index.h"
#include "stage/operators/quota_phase.h"

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kCellBytesMax = 1000, kReasonBytesMax = 240;
constexpr char kMasked[] = "***";

const arrow::StringArray& RowIdsOf(const arrow::RecordBatch& rows) {
  return static_cast<const arrow::StringArray&>(*rows.GetColumnByName(std::string(kRowIdColumn)));
}

// Null as JSON's null, everything else as its text.
Json Cell(const arrow::Field& field, const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return nullptr;
  if (op::IsSensitive(field)) return kMasked;
  std::string text;
  contract::AppendValueText(values, row, &text);
  return CutText(text, kCellBytesMax);
}

// What tells two values of a column apart; never shown.
std::string Identity(const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return "null";
  std::string text = "value ";
  contract::AppendValueText(values, row, &text);
  return text;
}

Result<op::GlobalDrops> RepeatedKeys(const op::KeyFilter& filter, const op::Reached& reached) {
  arrow::ArrayVector columns;
  for (const std::string& name : filter.columns()) {
    columns.push_back(reached.rows->GetColumnByName(name));
  }
  ARROW_ASSIGN_OR_RAISE(const auto keys, stage::DigestRows(columns, filter.options().nulls_equal));
  const arrow::StringArray& ids = RowIdsOf(*reached.rows);
  std::map<stage::KeyDigest, int64_t> first;
  op::GlobalDrops drops;
  for (const stage::KeyOfRow& key : keys) {
    const auto [at, is_new] = first.emplace(key.digest, key.row);
    if (is_new) continue;
    drops.positions.push_back(reached.positions->Value(key.row));
    drops.thresholds.push_back(ids.GetString(at->second));
  }
  return drops;
}

Result<op::GlobalDrops> NearRows(const op::NearFilter& filter, const op::Reached& reached) {
  ARROW_ASSIGN_OR_RAISE(const auto hashes, filter.HashesOf(*reached.rows));
  const arrow::StringArray& ids = RowIdsOf(*reached.rows);
  constexpr int64_t kBytesPerRow = 1 << 10;  // more than a row's hash takes
  stage::NearIndex index(filter.distance_max(), kBytesPerRow * (reached.rows->num_rows() + 1));
  std::vector<int64_t> kept;
  op::GlobalDrops drops;
  for (int64_t row = 0; row < reached.rows->num_rows(); ++row) {
    const auto& hash = hashes[static_cast<size_t>(row)];
    if (!hash) continue;
    if (const auto match = index.First(*hash)) {
      drops.positions.push_back(reached.positions->Value(row));
      drops.thresholds.push_back(ids.GetString(kept[match->at]));
      drops.values.push_back(std::to_string(match->distance));
    } else {
      index.Keep(*hash);
      kept.push_back(row);
    }
  }
  return drops;
}

// As the stage would decide if these were all the rows.
Result<std::vector<op::GlobalDrops>> Decide(const op::Chain& chain,
                                            const arrow::RecordBatch& rows) {
  std::vector<op::GlobalDrops> drops;
  for (const size_t instance : chain.globals()) {
    ARROW_ASSIGN_OR_RAISE(const op::Reached reached, chain.Reach(rows, instance, drops));
    const op::Operator& op = *chain.instances()[instance].op;
    op::GlobalDrops& own = drops.emplace_back();
    if (op.scope() == op::Scope::kKeys) {
      ARROW_ASSIGN_OR_RAISE(own, RepeatedKeys(static_cast<const op::KeyFilter&>(op), reached));
    } else if (op.scope() == op::Scope::kNear) {
      ARROW_ASSIGN_OR_RAISE(own, NearRows(static_cast<const op::NearFilter&>(op), reached));
    } else if (op.scope() == op::Scope::kCount) {
      const int64_t rows_max = static_cast<const op::CountFilter&>(op).rows_max();
      if (reached.rows->num_rows() > rows_max) own.from = reached.positions->Value(rows_max);
    } else if (op.scope() == op::Scope::kQuota) {
      ARROW_ASSIGN_OR_RAISE(own.cuts,
                            stage::DecideQuotaOf(static_cast<const op::QuotaFilter&>(op), reached));
    }
  }
  return drops;
}

// With the reason of every row that is dropped, whatever the config keeps of it.
Result<std::shared_ptr<const op::Chain>> ThatTells(const op::Chain& chain) {
  std::vector<op::Instance> instances = chain.instances();
  for (op::Instance& instance : instances) instance.common.rejects = op::RejectDetail::kKeys;
  return op::Chain::Make(chain.input(), std::move(instances));
}

Json CountsJson(const StageConfig& stage, const op::Chain& chain, int64_t read,
                const op::ChainResult& result) {
  Json operators = Json::array(), alone = Json::array();
  for (size_t i = 0; i < result.instances.size(); ++i) {
    const op::Instance& instance = chain.instances()[i];
    const op::InstanceRows& rows = result.instances[i];
    operators.push_back({{"id", instance.id},
                         {"type", instance.type->name},
                         {"kind", std::string(op::KindName(instance.op->kind()))},
                         {"reached", rows.reached},
                         {"dropped", rows.dropped},
                         {"tagged", rows.tagged},
                         {"refined", rows.refined},
                         {"derived", rows.derived}});
    if (instance.op->scope() != op::Scope::kRow) alone.push_back(instance.id);
  }
  return {{"stage", stage.name},
          {"inputs", stage.inputs},
          {"mixes", stage.mixture.has_value()},
          {"read", read},
          {"written", result.rows->num_rows()},
          {"operators", std::move(operators)},
          {"decided_over_these_rows_alone", std::move(alone)}};
}

}  // namespace

void StagedRows::AddSource(const std::string& source, std::shared_ptr<arrow::RecordBatch> rows) {
  const arrow::StringArray& ids = RowIdsOf(*rows);
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    of_row_[ids.GetString(row)] = Json::array();
  }
  rows_[source] = std::move(rows);
}

const Json& StagedRows::OfRow(const std::string& row_id) const {
  static const Json nothing = Json::array();
  const auto found = of_row_.find(row_id);
  return found == of_row_.end() ? nothing : found->second;
}

Status StagedRows::Run(const StageConfig& stage, const op::Chain& config_chain) {
  ARROW_ASSIGN_OR_RAISE(const auto chain, ThatTells(config_chain));
  ARROW_ASSIGN_OR_RAISE(const auto rows, InputOf(stage, *chain));
  ARROW_RETURN_NOT_OK(Begin(stage.name, *rows));
  ARROW_ASSIGN_OR_RAISE(const auto drops, Decide(*chain, *rows));
  ARROW_ASSIGN_OR_RAISE(const op::ChainResult result, chain->Apply(*rows, drops));
  ARROW_RETURN_NOT_OK(ShowRows(stage.name, *result.rows));
  if (result.rejects != nullptr) ShowRejects(stage.name, *result.rejects);
  stages_.push_back(CountsJson(stage, *chain, rows->num_rows(), result));
  rows_[stage.name] = result.rows;
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> StagedRows::InputOf(const StageConfig& stage,
                                                                const op::Chain& chain) const {
  arrow::RecordBatchVector batches;
  for (const std::string& input : stage.inputs) {
    const auto found = rows_.find(input);
    if (found == rows_.end()) continue;  // a source that is not looked at
    batches.push_back(arrow::RecordBatch::Make(chain.input(), found->second->num_rows(),
                                               found->second->columns()));
  }
  if (batches.empty()) return arrow::RecordBatch::MakeEmpty(chain.input());
  ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches(batches));
  return table->CombineChunksToBatch();
}

// How the rows look that come in; the entries of the stage.
Status StagedRows::Begin(const std::string& stage, const arrow::RecordBatch& stored) {
  const auto schema = op::WorkingSchema(*stored.schema());
  ARROW_ASSIGN_OR_RAISE(const auto rows, op::ToWorking(stored, schema));
  const arrow::StringArray& ids = RowIdsOf(*rows);
  std::map<std::string, Seen> seen;
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    const std::string id = ids.GetString(row);
    Seen& one = seen[id];
    one.root = RootOf(id);
    for (int i = 0; i < schema->num_fields(); ++i) {
      one.texts[schema->field(i)->name()] = Identity(*rows->column(i), row);
    }
    EntryOf(stage, one.root);
  }
  seen_ = std::move(seen);
  return Status::OK();
}

Status StagedRows::ShowRows(const std::string& stage, const arrow::RecordBatch& stored) {
  const auto schema = op::WorkingSchema(*stored.schema());
  ARROW_ASSIGN_OR_RAISE(const auto rows, op::ToWorking(stored, schema));
  const arrow::StringArray& ids = RowIdsOf(*rows);
  const auto tags = stored.GetColumnByName(std::string(kTagsColumn));
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    const std::string id = ids.GetString(row);
    const std::string root = RootOf(id);
    const auto before = seen_.find(id);
    Json after = Json::object(), changed = Json::array();
    for (int i = 0; i < schema->num_fields(); ++i) {
      const std::string& name = schema->field(i)->name();
      if (IsReservedColumn(name)) continue;
      after[name] = Cell(*schema->field(i), *rows->column(i), row);
      if (before == seen_.end()) continue;
      const auto old = before->second.texts.find(name);
      if (old == before->second.texts.end() || old->second != Identity(*rows->column(i), row)) {
        changed.push_back(name);
      }
    }
    Json shown = {{"row", id}, {"after", std::move(after)}};
    if (before == seen_.end()) {
      shown["derived"] = true;
    } else {
      Json removed = Json::array();
      for (const auto& [name, text] : before->second.texts) {
        if (schema->GetFieldIndex(name) < 0) removed.push_back(name);
      }
      shown["changed"] = std::move(changed);
      shown["removed"] = std::move(removed);
    }
    if (tags != nullptr) {
      Json list = Json::array();
      const auto& lists = static_cast<const arrow::ListArray&>(*tags);
      const auto& words = static_cast<const arrow::StringArray&>(*lists.values());
      for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
        list.push_back(words.GetString(i));
      }
      if (!list.empty()) shown["tags"] = std::move(list);
    }
    EntryOf(stage, root)["rows"].push_back(std::move(shown));
  }
  return Status::OK();
}

void StagedRows::ShowRejects(const std::string& stage, const arrow::RecordBatch& rejects) {
  const auto text = [&](const char* column, int64_t row) {
    const auto& values = static_cast<const arrow::StringArray&>(*rejects.GetColumnByName(column));
    return values.IsNull(row) ? std::string() : values.GetString(row);
  };
  const arrow::StringArray& ids = RowIdsOf(rejects);
  for (int64_t row = 0; row < rejects.num_rows(); ++row) {
    Json shown = {{"row", ids.GetString(row)}, {"instance", text("instance", row)}};
    for (const char* column : {"rule", "column", "value", "threshold", "message"}) {
      const std::string value = text(column, row);
      if (!value.empty()) shown[column] = CutText(value, kReasonBytesMax);
    }
    EntryOf(stage, RootOf(ids.GetString(row)))["rejects"].push_back(std::move(shown));
  }
}

Json& StagedRows::EntryOf(const std::string& stage, const std::string& root) {
  Json& entries = of_row_[root];
  if (entries.empty() || entries.back().at("stage") != stage) {
    entries.push_back({{"stage", stage}, {"rows", Json::array()}, {"rejects", Json::array()}});
  }
  return entries.back();
}

// A child's id is its parent's and what made it behind a slash.
std::string StagedRows::RootOf(const std::string& row_id) const {
  std::string root = row_id;
  while (of_row_.count(root) == 0) {
    const size_t slash = root.rfind('/');
    if (slash == std::string::npos) return row_id;
    root.resize(slash);
  }
  return root;
}

}  // namespace millrace::pipeline
