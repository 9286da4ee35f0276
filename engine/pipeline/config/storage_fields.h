// The tables of how object stores and web servers are reached, as fields.h has them of the rest.
#pragma once

#include "pipeline/config/fields.h"

namespace millrace::pipeline {

/// An entry of `storage`.
const ObjectSpec& StorageSpec();

}  // namespace millrace::pipeline
