#include "pipeline/thresholds.h"

#include <algorithm>

#include "base/diagnostic.h"
#include "op/retag.h"
#include "pipeline/config/loader.h"

namespace millrace::pipeline {
namespace {

// The ids of the stage's instances.
Result<std::vector<std::string>> InstancesOf(const PipelineConfig& config,
                                             const std::string& stage) {
  std::vector<std::string> stages, ids;
  for (const StageConfig& one : config.stages) {
    stages.push_back(one.name);
    if (one.name != stage) continue;
    if (const ConfigValue* operators = one.value->Find("operators")) {
      for (const ConfigValue& item : operators->items) ids.push_back(item.Text("id"));
    }
    return ids;
  }
  return MakeError(ErrorCode::kUsage, "the config has no stage `" + stage + "`",
                   DidYouMean(stage, stages));
}

}  // namespace

Result<PipelineConfig> WithThresholds(const PipelineConfig& config, const RunOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto ids, InstancesOf(config, options.rethreshold));
  if (!options.until.empty() || !options.from.empty()) {
    return MakeError(ErrorCode::kUsage,
                     "other thresholds are for one stage and all behind it: `until` and `from` "
                     "do not go with them");
  }
  if (options.thresholds.empty()) {
    return MakeError(ErrorCode::kUsage, "no threshold is given", "for example --set keep.min=0.5");
  }
  for (const auto& [name, value] : options.thresholds) {
    const size_t dot = name.find('.');
    const std::string id = name.substr(0, dot),
                      key = dot == std::string::npos ? "" : name.substr(dot + 1);
    if (key.empty() || key == "id" || key == "type") {
      return MakeError(ErrorCode::kUsage, "`" + name + "` is no parameter of an instance",
                       "for example keep.min");
    }
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
      return MakeError(ErrorCode::kUsage,
                       "stage `" + options.rethreshold + "` has no operator `" + id + "`",
                       DidYouMean(id, ids));
    }
  }
  LoadOptions load;
  load.params = config.parsed->params;
  load.at_step = config.parsed->at_step;
  load.open_resources = true;
  load.host_operators = config.parsed->host_operators;
  load.settings_stage = options.rethreshold;
  load.settings = options.thresholds;
  return ParseConfig(config.parsed->tree.text, config.file, config.base_dir, load);
}

Result<std::shared_ptr<const stage::OperatorPlan>> PlanBefore(const ThresholdsBefore& before,
                                                              const stage::IngestPlan& ingest,
                                                              const stage::OperatorPlan& now,
                                                              const CommittedRows& committed,
                                                              const op::SecretReader& secrets) {
  ARROW_ASSIGN_OR_RAISE(const auto chains, BindStages(before.config, before.tables, secrets));
  ARROW_ASSIGN_OR_RAISE(stage::OperatorPlan plan,
                        MakeOperatorPlan(ingest, before.config.stages[before.stage],
                                         chains[before.stage], committed));
  const std::string fault = op::RetagFault({plan.chain.get(), &plan.instance_json},
                                           {now.chain.get(), &now.instance_json});
  if (!fault.empty()) {
    return MakeError(ErrorCode::kUsage,
                     "stage `" + now.stage + "` cannot be made of what is stored: " + fault,
                     "write the change into the config and run it");
  }
  ARROW_ASSIGN_OR_RAISE(const bool there,
                        before.workspace.Exists(stage::OperatorFolder(plan) + "/manifest.json"));
  if (there) return std::make_shared<const stage::OperatorPlan>(std::move(plan));
  return MakeError(ErrorCode::kNotCommitted,
                   "stage `" + now.stage + "` is not committed with the thresholds of the config",
                   "run the config first");
}

}  // namespace millrace::pipeline
