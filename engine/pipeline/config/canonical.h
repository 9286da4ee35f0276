// The canonical texts of a config: the same for configs that mean the same, whatever their layout,
// quoting, comments, parameters and omitted defaults. What is stored and hashed comes from here.
#pragma once

#include <string>

#include "base/config_value.h"

namespace millrace::pipeline {

/// YAML with fields in the order of the tables and names in the order of the config. Parameters are
/// in place and left out; it reads back to the same canonical text.
std::string ResolvedYaml(const ConfigValue& config);

/// SHA-256 of what shapes the data: without workspace, limits, hooks, model contract and export
/// paths.
std::string ConfigHash(const ConfigValue& config);

/// Sorted-key JSON of what shapes the rows of one source: not where its files lie (their relative
/// paths and contents are hashed by themselves), nor how many rejects are tolerated.
std::string SourceJson(const std::string& name, const ConfigValue& source);
/// Hash of what shapes the requests of a `type: rest` source and the reading of its answers.
std::string FetchKey(const ConfigValue& rest);
/// Sorted-key JSON of the parameters of an operator instance, without paths of files.
std::string OperatorJson(const ConfigValue& instance);
/// Sorted-key JSON of a contract; `columns` is a list, for their order counts.
std::string ContractJson(const std::string& name, const ConfigValue& contract);

}  // namespace millrace::pipeline
