// Where rows come from; a part of the tables of fields.h.
#pragma once

#include "pipeline/config/fields.h"

namespace millrace::pipeline {

/// An entry of `sources`.
const ObjectSpec& SourceSpec();

}  // namespace millrace::pipeline
