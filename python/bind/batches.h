// A pipeline over batches of Python's, for engines whose rows pass through functions of batches
// (millrace/batches.h).
#pragma once

#include <nanobind/nanobind.h>

namespace millrace::python {

/// The class `BatchPipeline`. Once, when the module is made.
void RegisterBatches(nanobind::module_& module);

}  // namespace millrace::python
