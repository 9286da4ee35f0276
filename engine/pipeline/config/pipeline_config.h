// A pipeline's configuration after parsing, validation and resolving: the value type. It is
// declarative and immutable; its canonical text is stored in the workspace and hashed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config_value.h"
#include "base/diagnostic.h"
#include "contract/contract.h"
#include "contract/drift.h"
#include "export/export.h"
#include "io/object/storage_options.h"
#include "op/resources.h"
#include "pipeline/config/model_contract.h"
#include "pipeline/config/rest.h"
#include "pipeline/config/tree.h"
#include "pipeline/secrets/vault_config.h"
#include "source/file_source.h"
#include "stage/operators/operator_stage.h"
#include "stage/reject_privacy.h"

namespace millrace::pipeline {

struct SourceConfig {
  std::string name;
  std::string
      path;  // as written, references resolved; relative to base_dir, or a URL; "" of an API
  source::FormatOptions format;
  std::map<std::string, std::string> load;  // arguments of `datasets.load_dataset`; else empty
  std::string split;     // of a folder of `datasets`, whose format is that of a dataset
  std::string contract;  // "" for the short form
  contract::RejectLimits limits;
  bool keeps_rows = false;         // also where they could stay in place (in_place.h)
  std::optional<RestConfig> rest;  // of an API; `format` is then that of its records
  SourceSpan span, path_span;
};

/// The text a config was read from, kept as long as its stages: they are bound to columns when the
/// data is known, and what is wrong then is shown where it is written.
struct ParsedConfig {
  std::string text;
  ConfigTree tree;
  ConfigNode root;                            // with parameters in place
  std::map<std::string, std::string> params;  // that came from outside
  int64_t at_step = -1;                       // likewise
  HostOperators host_operators;               // likewise
  ConfigValue value;
};

struct MixtureConfig {
  stage::Mixture mixture;              // without what only the inputs can tell
  const ConfigValue* value = nullptr;  // in PipelineConfig::parsed
};

struct StageConfig {
  std::string name;
  std::optional<MixtureConfig> mixture;
  std::vector<std::string> inputs;     // sources or earlier stages, resolved
  const ConfigValue* value = nullptr;  // in PipelineConfig::parsed
  int64_t rows_per_shard = 0, bytes_per_shard = 0, shards_multiple_of = 0;  // 0: not said
  bool overwrites = false;                                                  // `mode: overwrite`
};

struct ExportConfig {
  exporting::ExportOptions options;
  std::string stage;     // to export; "" for a table as it was ingested
  std::string path;      // absolute, or a URL
  std::string contract;  // the table to export; "" for the short form
  SourceSpan span;
};

struct RejectsConfig {
  stage::SensitiveRejects sensitive = stage::SensitiveRejects::kKeep;
  std::string hash_key;  // a reference: see ResolveSecret
  SourceSpan hash_key_span;
};

/// A command that is told what happens to a stage.
struct HookConfig {
  std::vector<std::string> run;  // argv
  bool required = false;         // its failure ends the run
  int64_t timeout_seconds = 0;
  std::vector<std::string> env;  // names of variables that it gets
};

struct HooksConfig {
  std::vector<HookConfig> on_stage_start, on_partition_end, on_stage_end;
};

struct PipelineConfig {
  std::string name;
  std::string file;       // as given; for messages only
  std::string base_dir;   // absolute folder of the config file
  std::string workspace;  // absolute, or a URL
  uint64_t seed = 0;
  int64_t memory_bytes = 0;  // 0: the default of the machine
  int threads = 0;           // 0: one per CPU this process may use
  std::optional<VaultConfig> vault;
  RejectsConfig rejects;
  io::StorageOptions storage;
  std::vector<SourceConfig> sources;
  std::vector<contract::Contract> contracts;  // empty: infer one per distinct `contract` name
  std::map<std::string, contract::DriftPolicy> drift;  // by contract; none for inferred ones
  HooksConfig hooks;
  std::vector<StageConfig> stages;                 // in the order of the config
  std::shared_ptr<const op::Resources> resources;  // null: stages with files of their own unbound
  std::shared_ptr<const ParsedConfig> parsed;
  std::vector<ExportConfig> exports;
  std::optional<LoadedModelContract> model;
  SourceSpan model_span;      // of its path in the config
  std::string resolved_yaml;  // canonical text: parameters and references in place
  /// SHA-256 of what shapes the data: resolved_yaml without workspace, limits, storage, vault,
  /// hooks, model_contract and export paths.
  std::string config_hash;
  /// Canonical JSON of one source / one contract, as resolved: what split identities hash.
  std::map<std::string, std::string> source_json, contract_json;
};

}  // namespace millrace::pipeline
