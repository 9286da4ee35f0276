// The contract that a file is checked against: out of a config, or out of a file that holds a
// contract alone, as proposals do.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "contract/contract.h"
#include "pipeline/config/pipeline_config.h"

namespace millrace::pipeline {

struct ContractFile {
  /// A config. Of a contract alone it has that contract and, where its `from` names sources, no
  /// more of them than their names.
  PipelineConfig config;
  bool is_config = false;
};

/// User errors as for a config, with places in the file.
Result<ContractFile> LoadContractFile(const std::string& path,
                                      const std::map<std::string, std::string>& params);

}  // namespace millrace::pipeline
