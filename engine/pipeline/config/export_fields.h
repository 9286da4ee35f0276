// What is published; a part of the tables of fields.h.
#pragma once

#include "pipeline/config/fields.h"

namespace millrace::pipeline {

/// An entry of `exports`.
const ObjectSpec& ExportSpec();

}  // namespace millrace::pipeline
