// Contracts of a config: from values to contract::Contract, with the checks that need no data.
#pragma once

#include <string>
#include <vector>

#include "base/config_value.h"
#include "contract/contract.h"
#include "contract/drift.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

/// `sources`: those whose rows the contract is for; `all_sources`: every source of the pipeline.
/// Columns that are wrong are reported and left out.
contract::Contract BuildContract(const std::string& name, const ConfigValue& value,
                                 const std::vector<std::string>& sources,
                                 const std::vector<std::string>& all_sources,
                                 ConfigProblems* problems);

/// What a contract says of drift, with the defaults that follow from its `unknown_columns`.
contract::DriftPolicy BuildDriftPolicy(const ConfigValue& contract);

}  // namespace millrace::pipeline
