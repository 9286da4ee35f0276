#include "bind/units.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>

#include "base/quantity.h"
#include "bind/error_bridge.h"
#include "bind/loaded_pipeline.h"
#include "bind/shared_object.h"
#include "millrace/units.h"

namespace millrace::python {
namespace {

namespace nb = nanobind;

struct HeldWorker {
  std::unique_ptr<UnitWorker> worker;
};

HeldWorker MakeWorker(const LoadedPipeline& loaded, int threads, const std::string& memory) {
  UnitWorkerOptions options;
  options.threads = threads;
  if (!memory.empty()) options.memory_bytes = OrThrow(ParseByteSize(memory));
  return {OrThrow(UnitWorker::Make(loaded.pipeline, options))};
}

Result<std::string> Call(const nb::object& perform, const std::string& unit,
                         const std::function<bool()>& stopped) {
  const nb::gil_scoped_acquire gil;
  try {
    // What it asks lives as long as the call, and it is not asked later.
    const nb::object asks = nb::cpp_function([&stopped] { return stopped(); });
    const nb::object reply = perform(unit, asks);
    if (reply.is_none()) return Status::Cancelled("cancelled; running again resumes");
    return nb::cast<std::string>(reply);
  } catch (nb::python_error& error) {
    return MakeError(ErrorCode::kIoFailed,
                     "a worker has failed: " + nb::cast<std::string>(nb::str(error.type())) + ": " +
                         nb::cast<std::string>(nb::str(error.value())),
                     "what is committed stays; running again resumes");
  } catch (const nb::cast_error&) {
    return MakeError(ErrorCode::kBug, "a runner has replied with something that is no text");
  }
}

}  // namespace

decltype(RunOptions::perform) HandedOut(const nb::object& perform) {
  return [held = SharedObject(perform)](const std::string& unit,
                                        const std::function<bool()>& stopped) {
    return Call(*held, unit, stopped);
  };
}

void RegisterUnits(nb::module_& module) {
  using nb::literals::operator""_a;
  nb::class_<HeldWorker>(module, "UnitWorker")
      .def(
          "perform",
          [](HeldWorker& held, const std::string& unit) { return held.worker->Perform(unit); },
          "unit"_a, nb::call_guard<nb::gil_scoped_release>());
  module.def("unit_worker", &MakeWorker, "pipeline"_a, "threads"_a, "memory"_a,
             nb::call_guard<nb::gil_scoped_release>());
  module.def(
      "host_operators",
      [](const LoadedPipeline& loaded) { return HostOperatorsOf(*loaded.pipeline); }, "pipeline"_a);
  module.def(
      "recipe",
      [](const LoadedPipeline& loaded) {
        const PipelineRecipe recipe = RecipeOf(*loaded.pipeline);
        nb::dict dict;
        dict["text"] = recipe.text;
        dict["file"] = recipe.file;
        dict["base_dir"] = recipe.base_dir;
        dict["params"] = recipe.params;
        dict["at_step"] = recipe.at_step;
        return dict;
      },
      "pipeline"_a);
}

}  // namespace millrace::python
