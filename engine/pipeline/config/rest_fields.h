// The fields of a source behind an API; a part of the tables of fields.h.
#pragma once

#include <vector>

#include "pipeline/config/fields.h"

namespace millrace::pipeline {

/// Those that come behind `type`.
std::vector<Field> RestFields();

}  // namespace millrace::pipeline
