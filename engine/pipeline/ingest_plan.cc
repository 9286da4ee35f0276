#include "pipeline/ingest_plan.h"

#include "base/build_info.h"

namespace millrace::pipeline {

stage::IngestPlan MakeIngestPlan(const PipelineConfig& config, const InputFiles& inputs,
                                 const TableContracts& tables) {
  stage::IngestPlan plan;
  plan.pipeline = config.name;
  plan.config_hash = config.config_hash;
  plan.code_version = std::string(CodeVersion());
  plan.engine_version = EngineVersion();
  plan.seed = config.seed;
  plan.contracts = tables.contracts;
  plan.contract_json = tables.json;
  for (size_t i = 0; i < inputs.size(); ++i) {
    stage::IngestSource source;
    source.files = inputs[i];
    source.contract = tables.of_source[i];
    source.limits = config.sources[i].limits;
    source.config_json = config.source_json.at(config.sources[i].name);
    plan.sources.push_back(std::move(source));
  }
  return plan;
}

}  // namespace millrace::pipeline
