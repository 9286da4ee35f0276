// millrace._engine: the engine's public functions for the Python package, texts in and texts out.
// Nothing here decides anything; the package's own files give the results their Python shape.
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "base/build_info.h"
#include "base/quantity.h"
#include "bind/arrow_stream.h"
#include "bind/batches.h"
#include "bind/error_bridge.h"
#include "bind/held_dataset.h"
#include "bind/host_operators.h"
#include "bind/interruptible_run.h"
#include "bind/loaded_pipeline.h"
#include "bind/units.h"
#include "millrace/finished_run.h"
#include "millrace/pipeline.h"

namespace millrace::python {
namespace {

namespace nb = nanobind;
using Texts = std::map<std::string, std::string>;
using Free = nb::call_guard<nb::gil_scoped_release>;

// A holder, for a class that no door knows more about than its name.
struct OpenedRun {
  std::shared_ptr<const FinishedRun> run;
};

LoadedPipeline Load(const std::string& path, const Texts& params, int64_t at_step,
                    const nb::object& operators) {
  const LoadOptions options = {params, at_step, OperatorsOf(operators)};
  const nb::gil_scoped_release free;
  return {OrThrow(LoadPipeline(path, options))};
}

LoadedPipeline LoadText(const std::string& text, const std::string& file, const std::string& base,
                        const Texts& params, int64_t at_step, const nb::object& operators) {
  const LoadOptions options = {params, at_step, OperatorsOf(operators)};
  const nb::gil_scoped_release free;
  return {OrThrow(LoadPipelineText(text, file, base, options))};
}

LoadedPipeline Bind(const LoadedPipeline& loaded, const nb::dict& datasets) {
  std::map<std::string, DatasetInput> inputs;
  for (const auto& [name, source] : datasets) {
    inputs[nb::cast<std::string>(name)] = HeldDataset(nb::borrow(source));
  }
  return {OrThrow(BindDatasets(*loaded.pipeline, inputs))};
}

void Validate(const LoadedPipeline& loaded) { OrThrow(ValidatePipeline(*loaded.pipeline)); }

std::string Run(const LoadedPipeline& loaded, int threads, const std::string& memory, bool wait,
                bool offline, bool refetch, const Texts& snapshots, const std::string& until,
                const std::string& from, bool overwrite, const std::string& rethreshold,
                const Texts& thresholds, const nb::object& progress,
                const nb::object& on_stage_event, const nb::object& on_cancel,
                const nb::object& perform, int units_at_once, bool arrow_copies) {
  RunOptions options;
  options.threads = threads;
  if (!memory.empty()) options.memory_bytes = OrThrow(ParseByteSize(memory));
  options.wait = wait;
  options.offline = offline;
  options.refetch = refetch;
  options.snapshots = snapshots;
  options.until = until;
  options.from = from;
  options.overwrite = overwrite;
  options.rethreshold = rethreshold;
  options.thresholds = thresholds;
  if (!perform.is_none()) options.perform = HandedOut(perform);
  options.units_at_once = units_at_once;
  options.arrow_copies = arrow_copies;
  return RunInterruptibly(*loaded.pipeline, std::move(options),
                          {progress, on_stage_event, on_cancel})
      .ToJson();
}

OpenedRun Open(const std::string& path, const LoadedPipeline* from) {
  OpenRunOptions options;
  if (from != nullptr) options.pipeline = from->pipeline;
  return {OrThrow(OpenRun(path, options))};
}

}  // namespace
}  // namespace millrace::python

NB_MODULE(_engine, module) {
  namespace nb = nanobind;
  using nb::literals::operator""_a;
  using namespace millrace;          // NOLINT(build/namespaces): the module's own
  using namespace millrace::python;  // NOLINT(build/namespaces)
  RegisterErrors();
  module.def("version", [] { return std::string(Version()); });
  module.def("arrow_version", &ArrowVersion);
  module.def("error_codes", &ErrorCodes);

  nb::class_<LoadedPipeline>(module, "Pipeline");
  // These let the GIL go by themselves.
  module.def("load", &Load, "path"_a, "params"_a, "at_step"_a, "operators"_a.none());
  module.def("load_text", &LoadText, "text"_a, "file"_a, "base_dir"_a, "params"_a, "at_step"_a,
             "operators"_a.none());
  module.def(
      "dataset_sources",
      [](const LoadedPipeline& loaded) { return DatasetSourcesOf(*loaded.pipeline); },
      "pipeline"_a);
  module.def(
      "dataset_loads",
      [](const LoadedPipeline& loaded) { return DatasetLoadsOf(*loaded.pipeline); }, "pipeline"_a);
  module.def(
      "lazy_piece_rows",
      [](const LoadedPipeline& loaded) { return OrThrow(LazyPieceRows(*loaded.pipeline)); },
      "pipeline"_a);
  module.def(
      "stages", [](const LoadedPipeline& loaded) { return StagesOf(*loaded.pipeline); },
      "pipeline"_a);
  module.def(
      "workspace", [](const LoadedPipeline& loaded) { return WorkspaceOf(*loaded.pipeline); },
      "pipeline"_a);
  module.def(
      "with_workspace",
      [](const LoadedPipeline& loaded, const std::string& place) {
        return LoadedPipeline{WithWorkspace(*loaded.pipeline, place)};
      },
      "pipeline"_a, "place"_a);
  module.def(
      "exports", [](const LoadedPipeline& loaded) { return ExportsOf(*loaded.pipeline); },
      "pipeline"_a);
  module.def("bind_datasets", &Bind, "pipeline"_a, "datasets"_a);
  module.def("validate", &Validate, "pipeline"_a, Free());
  // Lets the GIL go by itself.
  module.def("run", &Run, "pipeline"_a, "threads"_a, "memory"_a, "wait"_a, "offline"_a, "refetch"_a,
             "snapshots"_a, "until"_a, "from_"_a, "overwrite"_a, "rethreshold"_a, "thresholds"_a,
             "progress"_a.none(), "on_stage_event"_a.none(), "on_cancel"_a.none(),
             "perform"_a.none() = nb::none(), "units_at_once"_a = 0, "arrow_copies"_a = false);
  module.def("row_seeds", &RowSeeds, "row_ids"_a, "seed"_a, "instance"_a);
  RegisterUnits(module);
  RegisterBatches(module);

  nb::class_<ArrowBatch>(module, "ArrowBatch")
      .def(
          "__arrow_c_array__",
          [](const ArrowBatch& batch, const nb::object&) { return batch.Export(); },
          "requested_schema"_a.none() = nb::none());
  nb::class_<ArrowStream>(module, "ArrowStream")
      .def(
          "__arrow_c_stream__",
          [](ArrowStream& stream, const nb::object&) { return stream.Take(); },
          "requested_schema"_a.none() = nb::none());
  nb::class_<OpenedRun>(module, "FinishedRun")
      .def(
          "describe", [](const OpenedRun& opened) { return DescribeRun(*opened.run); }, Free())
      .def(
          "read_table",
          [](const OpenedRun& opened, const std::string& table) {
            return ArrowStream(OrThrow(ReadRunTable(*opened.run, table)));
          },
          "table"_a, Free())
      .def(
          "read_stage",
          [](const OpenedRun& opened, const std::string& stage) {
            return ArrowStream(OrThrow(ReadRunStage(*opened.run, stage)));
          },
          "stage"_a, Free())
      .def(
          "read_rejects",
          [](const OpenedRun& opened, const std::string& stage, const std::string& table) {
            return ArrowStream(OrThrow(ReadRunRejects(*opened.run, stage, table)));
          },
          "stage"_a, "table"_a, Free())
      .def(
          "read_export",
          [](const OpenedRun& opened, const std::string& name) {
            return ArrowStream(OrThrow(ReadRunExport(*opened.run, name)));
          },
          "name"_a, Free());
  module.def("open_run", &Open, "path"_a, "pipeline"_a.none(), Free());
}
