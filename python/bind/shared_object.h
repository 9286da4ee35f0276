// An object of Python that a thread of the engine may be the last one to hold.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <utility>

namespace millrace::python {

/// REQUIRES: the GIL is held. It is taken once more to let go of the object, from any thread.
inline std::shared_ptr<nanobind::object> SharedObject(nanobind::object object) {
  return {new nanobind::object(std::move(object)), [](nanobind::object* held) {
            if (Py_IsInitialized() == 0) return;  // too late to give it back
            const nanobind::gil_scoped_acquire gil;
            delete held;
          }};
}

}  // namespace millrace::python
