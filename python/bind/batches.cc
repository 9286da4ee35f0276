#include "bind/batches.h"

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>

#include "bind/arrow_stream.h"
#include "bind/error_bridge.h"
#include "bind/loaded_pipeline.h"
#include "millrace/batches.h"

namespace millrace::python {
namespace {

namespace nb = nanobind;

struct HeldBatches {
  std::shared_ptr<const BatchPipeline> pipeline;
};

ArrowStream Apply(const HeldBatches& held, const nb::object& rows) {
  const nb::object capsule = rows.attr("__arrow_c_stream__")();
  auto* stream =
      static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_array_stream"));
  if (stream == nullptr) throw nb::python_error();
  const auto reader = OrThrow(arrow::ImportRecordBatchReader(stream));
  const nb::gil_scoped_release free;
  arrow::RecordBatchVector done;
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    OrThrow(reader->ReadNext(&batch));
    if (batch == nullptr) break;
    done.push_back(OrThrow(held.pipeline->Apply(batch)));
  }
  if (done.empty()) {
    const auto none = OrThrow(arrow::RecordBatch::MakeEmpty(reader->schema()));
    done.push_back(OrThrow(held.pipeline->Apply(none)));
  }
  const auto schema = done.front()->schema();
  return ArrowStream(OrThrow(arrow::RecordBatchReader::Make(std::move(done), schema)));
}

}  // namespace

void RegisterBatches(nb::module_& module) {
  using nb::literals::operator""_a;
  nb::class_<HeldBatches>(module, "BatchPipeline").def("apply", &Apply, "rows"_a);
  module.def(
      "batch_pipeline",
      [](const LoadedPipeline& loaded) {
        return HeldBatches{OrThrow(BatchPipeline::Make(*loaded.pipeline))};
      },
      "pipeline"_a);
}

}  // namespace millrace::python
