#include "pipeline/ingest_plan.h"

#include "base/build_info.h"
#include "pipeline/in_place.h"
#include "pipeline/secrets/secret_resolver.h"

namespace millrace::pipeline {

Result<stage::IngestPlan> MakeIngestPlan(const PipelineConfig& config, const InputFiles& inputs,
                                         const TableContracts& tables) {
  stage::IngestPlan plan;
  plan.pipeline = config.name;
  plan.config_hash = config.config_hash;
  plan.code_version = std::string(CodeVersion());
  plan.engine_version = EngineVersion();
  plan.seed = config.seed;
  plan.privacy.sensitive = config.rejects.sensitive;
  if (plan.privacy.sensitive == stage::SensitiveRejects::kHash) {
    const Result<std::string> key =
        SecretResolver::Make({.base_dir = config.base_dir, .vault = config.vault})
            ->Resolve(config.rejects.hash_key);
    if (!key.ok()) return AtPlace(key.status(), config, config.rejects.hash_key_span);
    if (key->empty()) {
      return AtPlace(MakeError(ErrorCode::kBadValue, "the `hash_key` is empty"), config,
                     config.rejects.hash_key_span);
    }
    plan.privacy.hash_key = *key;
  }
  plan.contracts = tables.contracts;
  plan.contract_json = tables.json;
  for (size_t i = 0; i < inputs.size(); ++i) {
    stage::IngestSource source;
    source.files = inputs[i];
    source.contract = tables.of_source[i];
    source.limits = config.sources[i].limits;
    source.config_json = config.source_json.at(config.sources[i].name);
    source.in_place = StaysInPlace(config, config.sources[i], inputs[i],
                                   plan.contracts[static_cast<size_t>(source.contract)]);
    plan.sources.push_back(std::move(source));
  }
  return plan;
}

}  // namespace millrace::pipeline
