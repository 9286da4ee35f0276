// RunPipeline for a thread of Python: the interpreter stays free, Ctrl-C cancels, and progress is
// told in the caller's own thread.
#pragma once

#include <nanobind/nanobind.h>

#include "millrace/pipeline.h"

namespace millrace::python {

/// REQUIRES: the GIL is held; it is let go while the engine works. `progress` is None or a
/// function of a dict, called about five times a second; `on_stage_event` is None or a function of
/// what hooks are told, as JSON, for which the run waits. An exception that a signal handler or one
/// of them raises cancels the run and is raised once the run has stopped at a safe point; what
/// is committed stays and the next run resumes. `on_cancel`, None or a function, is then called
/// once, in the same thread: what the run waits for may be ended. Errors of the run are
/// StatusErrors.
struct RunListeners {
  const nanobind::object& progress;
  const nanobind::object& on_stage_event;
  const nanobind::object& on_cancel;
};
RunResult RunInterruptibly(const Pipeline& pipeline, RunOptions options,
                           const RunListeners& listeners);

}  // namespace millrace::python
