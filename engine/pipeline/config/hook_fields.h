// The `hooks:` of a config.
#pragma once

#include "base/config_spec.h"
#include "base/config_value.h"
#include "pipeline/config/pipeline_config.h"

namespace millrace::pipeline {

const ObjectSpec& HooksSpec();
HooksConfig BuildHooks(const ConfigValue& hooks);

}  // namespace millrace::pipeline
