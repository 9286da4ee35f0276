// YAML or JSON text to PipelineConfig, with all problems at once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "pipeline/config/pipeline_config.h"

namespace millrace::pipeline {

struct LoadOptions {
  std::map<std::string, std::string> params;  // --set name=value
  /// Of a config that is wrong, look for the files of its sources as well: all problems at once.
  bool look_for_files = false;
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
