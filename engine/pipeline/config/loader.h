// YAML or JSON text to PipelineConfig, with all problems at once.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/host_operator.h"
#include "base/status.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

struct LoadOptions {
  std::map<std::string, std::string> params;  // --set name=value
  int64_t at_step = -1;                       // --at-step; -1: as the config says
  /// What the data adds to the problems of a config that is wrong, so that all are told at once.
  /// The config holds what could be built of it.
  std::function<std::vector<Diagnostic>(const PipelineConfig&, const ConfigProblems&)>
      look_at_data = {};
  /// Open the files that operators name (plug-ins, models). Without it their stages stay unbound.
  bool open_resources = false;
  HostOperators host_operators = {};  // of the program around the engine
  /// Values in the place of those of a stage's instances: `<instance>.<parameter>` to the value.
  std::string settings_stage = {};
  std::map<std::string, std::string> settings = {};
};

/// Fails with every diagnostic of the config at once. Does not look into data.
Result<PipelineConfig> LoadConfig(const std::string& path, const LoadOptions& options);
/// As LoadConfig, over text; `file` names it in messages and `base_dir` anchors its paths.
Result<PipelineConfig> ParseConfig(const std::string& text, const std::string& file,
                                   const std::string& base_dir, const LoadOptions& options);

/// spec/pipeline.schema.json (JSON Schema 2020-12), generated from the tables ParseConfig uses.
std::string PipelineSchemaJson();
/// The reference part of docs/config.md, from the same tables.
std::string ConfigReferenceMarkdown();

}  // namespace millrace::pipeline
