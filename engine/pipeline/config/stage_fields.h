// The fields of a stage.
#pragma once

#include "base/config_spec.h"

namespace millrace::pipeline {

const ObjectSpec& StageSpec();

}  // namespace millrace::pipeline
