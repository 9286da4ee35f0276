// The contract of a model (docs/model_contract.md): a file of its own beside the pipeline's config,
// read by the same tables, with all its problems at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "contract/model/model_contract.h"
#include "pipeline/config/fields.h"

namespace millrace::pipeline {

/// The whole file.
const ObjectSpec& ModelContractSpec();

struct LoadedModelContract {
  contract::ModelContract contract;
  std::string resolved_yaml;  // canonical text; contract.sha256 is its hash
};

/// `shown` names the file in messages; `tables` are those of the pipeline ("" is the short form's).
/// Fails with every diagnostic of the file at once.
Result<LoadedModelContract> ParseModelContract(const std::string& text, const std::string& shown,
                                               const std::string& base_dir,
                                               const std::vector<std::string>& tables);

/// spec/model_contract.schema.json, and the reference part of docs/model_contract.md.
std::string ModelContractSchemaJson();
std::string ModelContractReferenceMarkdown();

}  // namespace millrace::pipeline
