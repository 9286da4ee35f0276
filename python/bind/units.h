// Units of a run that other processes do, as Python hands them out and does them
// (millrace/units.h).
#pragma once

#include <nanobind/nanobind.h>

#include "millrace/pipeline.h"

namespace millrace::python {

/// RunOptions::perform from a function of the unit and of `stopped`, a function that says whether
/// it is still wanted. It is called from threads of the engine; what it raises ends the run.
/// REQUIRES: the GIL is held.
decltype(RunOptions::perform) HandedOut(const nanobind::object& perform);

/// The class `UnitWorker` and the functions around it. Once, when the module is made.
void RegisterUnits(nanobind::module_& module);

}  // namespace millrace::python
