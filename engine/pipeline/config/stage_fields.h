// The fields of a stage.
#pragma once

#include "base/config_spec.h"

namespace millrace::pipeline {

const ObjectSpec& StageSpec();
/// Also the short forms beside `stages`, for the first one.
const ObjectSpec& StageInputSpec();
const ObjectSpec& MixtureSpec();

}  // namespace millrace::pipeline
