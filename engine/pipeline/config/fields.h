// The tables of what a config may hold. The validator, the JSON Schema and the reference page all
// come from these, so a new field is one entry in a table (`*fields.cc`) and its use in build.cc.
#pragma once

#include <string>
#include <vector>

#include "base/config_spec.h"

namespace millrace::pipeline {

/// The whole config.
const ObjectSpec& PipelineSpec();

/// The keys of the long form of `from`, which therefore name no source.
const std::vector<std::string>& FromKeys();

}  // namespace millrace::pipeline
