#include "pipeline/settled_inputs.h"

#include "pipeline/column_check.h"

namespace millrace::pipeline {

op::SecretReader SecretsOf(const PipelineConfig& config, const std::atomic<bool>* cancelled) {
  std::shared_ptr<SecretResolver> secrets =
      SecretResolver::Make({config.base_dir, config.vault, cancelled});
  return [secrets](const std::string& reference) { return secrets->Resolve(reference); };
}

SnapshotFetch MakeFetch(const PipelineConfig& config, std::shared_ptr<io::Store> workspace,
                        SnapshotChoice choice, const std::atomic<bool>* cancelled) {
  SnapshotFetch fetch;
  fetch.workspace = std::move(workspace);
  fetch.choice = std::move(choice);
  fetch.cancelled = cancelled;
  fetch.clock = io::http::MakeSystemClock(cancelled);
  fetch.limiter = std::make_shared<io::http::RateLimiter>(fetch.clock);
  fetch.secrets = SecretResolver::Make({config.base_dir, config.vault, cancelled});
  fetch.event = [](const std::string&, const std::map<std::string, std::string>&) {};
  return fetch;
}

Result<SettledInputs> SettleInputs(const PipelineConfig& config, const SnapshotFetch* fetch,
                                   const std::atomic<bool>* cancelled) {
  SettledInputs settled;
  ARROW_ASSIGN_OR_RAISE(settled.files, FindInputFiles(config, fetch));
  ARROW_ASSIGN_OR_RAISE(settled.tables, ResolveContracts(config, settled.files));
  ARROW_RETURN_NOT_OK(CheckColumns(config, settled.files, settled.tables));
  ARROW_ASSIGN_OR_RAISE(settled.chains,
                        BindStages(config, settled.tables, SecretsOf(config, cancelled)));
  return settled;
}

}  // namespace millrace::pipeline
