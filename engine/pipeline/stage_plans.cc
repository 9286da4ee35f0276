#include "pipeline/stage_plans.h"

#include <algorithm>
#include <map>

#include "base/reserved_columns.h"
#include "contract/features.h"
#include "op/request.h"
#include "op/row_layout.h"
#include "pipeline/config/stages.h"
#include "stage/operators/mixture_order.h"

namespace millrace::pipeline {

namespace {

// What has a dot is a measure in a stage: `stats.words`.
void RefuseDots(const SourceConfig& source, const arrow::Schema& stored, ConfigProblems* problems) {
  for (const auto& field : stored.fields()) {
    if (!op::IsMeasure(field->name())) continue;
    problems->Add(ErrorCode::kBadValue, source.span,
                  "the column `" + field->name() + "` of source `" + source.name +
                      "` has a dot in its name, as only measures have in a stage",
                  "give it another name: in the contract by `from`, or before (`rename_column`)");
  }
}

}  // namespace

Result<std::vector<StageChain>> BindStages(const PipelineConfig& config,
                                           const TableContracts& tables,
                                           const op::SecretReader& secrets) {
  std::vector<StageChain> chains;
  if (config.stages.empty()) return chains;
  ConfigProblems problems(&config.parsed->tree);
  const op::Supplies supplies = SuppliesOf(config, secrets);
  std::map<std::string, std::shared_ptr<arrow::Schema>> columns;
  for (size_t i = 0; i < config.sources.size(); ++i) {
    auto& stored = columns[config.sources[i].name];
    stored = contract::StoredSchema(tables.OfSource(i));
    RefuseDots(config.sources[i], *stored, &problems);
  }
  for (const StageConfig& stage : config.stages) {
    const auto input = InputColumns(
        stage, [&](const std::string& name) { return columns.at(name); }, &problems);
    StageChain& bound =
        chains.emplace_back(BindStage(*stage.value, input, config.seed, &problems, supplies));
    if (stage.mixture) {
      bound.mixture_tokens = BindMixtureTokens(*stage.mixture->value, input, &problems);
      bound.mixture_images = BindMixtureImages(*stage.mixture->value, input, &problems);
    }
    columns[stage.name] = bound.chain == nullptr ? nullptr : bound.chain->stored();
  }
  if (!problems.empty()) return MakeError(problems.Finish());
  return chains;
}

contract::Contract ColumnsOf(const std::string& table, const arrow::Schema& stored) {
  contract::Contract contract;
  contract.name = table;
  for (const auto& field : stored.fields()) {
    if (IsReservedColumn(field->name())) continue;
    contract::Column& column = contract.columns.emplace_back();
    column.name = field->name();
    column.type = field->type();
    column.type_text = contract::TypeText(*field->type());
    column.sensitive = op::IsSensitive(*field);
  }
  return contract;
}

// Rows are committed source by source in the order of the config, and a shard is of one source.
void CommittedRows::AddTable(const PipelineConfig& config, const std::string& table,
                             const std::string& folder, const stage::Manifest& manifest) {
  auto shard = manifest.outputs.begin();
  for (const SourceConfig& source : config.sources) {
    if (source.contract != table) continue;
    stage::StageInput& input = inputs_.emplace_back();
    input.name = source.name;
    input.folder = folder;
    const auto rows = manifest.rows_by_source.find(source.name);
    int64_t left = rows == manifest.rows_by_source.end() ? 0 : rows->second.written;
    for (; left > 0; ++shard) {
      MILLRACE_CHECK(shard != manifest.outputs.end());
      left -= shard->rows;
      input.shards.push_back(*shard);
    }
    MILLRACE_CHECK(left == 0);
  }
  MILLRACE_CHECK(shard == manifest.outputs.end());
}

void CommittedRows::AddStage(const std::string& folder, const stage::Manifest& manifest) {
  inputs_.push_back({manifest.stage, folder, manifest.outputs});
}

const stage::StageInput& CommittedRows::Of(const std::string& name) const {
  size_t at = 0;
  while (at < inputs_.size() && inputs_[at].name != name) ++at;
  MILLRACE_CHECK(at < inputs_.size());
  return inputs_[at];
}

Result<stage::OperatorPlan> MakeOperatorPlan(const stage::IngestPlan& base,
                                             const StageConfig& stage, const StageChain& chain,
                                             const CommittedRows& committed) {
  stage::OperatorPlan plan;
  plan.pipeline = base.pipeline;
  plan.stage = stage.name;
  plan.config_hash = base.config_hash;
  plan.code_version = base.code_version;
  plan.engine_version = base.engine_version;
  plan.seed = base.seed;
  plan.privacy = base.privacy;
  for (const std::string& input : stage.inputs) plan.inputs.push_back(committed.Of(input));
  plan.chain = chain.chain;
  plan.instance_json = chain.instance_json;
  if (stage.mixture) {
    plan.mixture = stage.mixture->mixture;
    plan.mixture->tokens = chain.mixture_tokens;
    plan.mixture->images = chain.mixture_images;
    if (!stage::NeedsAmounts(*plan.mixture)) {
      ARROW_RETURN_NOT_OK(stage::OrderByRows(plan.inputs, plan.seed, &*plan.mixture));
    }
  }
  if (stage.rows_per_shard > 0) plan.rows_per_shard = stage.rows_per_shard;
  plan.bytes_per_shard = stage.bytes_per_shard;
  plan.shards_multiple_of = stage.shards_multiple_of;
  return plan;
}

}  // namespace millrace::pipeline
