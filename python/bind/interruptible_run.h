// RunPipeline for a thread of Python: the interpreter stays free, Ctrl-C cancels, and progress is
// told in the caller's own thread.
#pragma once

#include <nanobind/nanobind.h>

#include "millrace/pipeline.h"

namespace millrace::python {

/// REQUIRES: the GIL is held; it is let go while the engine works. `progress` is None or a
/// function of a dict, called about five times a second. An exception that a signal handler or
/// `progress` raises cancels the run and is raised once the run has stopped at a safe point; what
/// is committed stays and the next run resumes. Errors of the run are StatusErrors.
RunResult RunInterruptibly(const Pipeline& pipeline, RunOptions options,
                           const nanobind::object& progress);

}  // namespace millrace::python
