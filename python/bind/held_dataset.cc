#include "bind/held_dataset.h"

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <nanobind/stl/string.h>

#include <string>

#include "bind/error_bridge.h"
#include "bind/shared_object.h"

namespace millrace::python {
namespace {

namespace nb = nanobind;

void* Pointer(const nb::object& capsule, const char* name) {
  void* pointer = PyCapsule_GetPointer(capsule.ptr(), name);
  if (pointer == nullptr) throw nb::python_error();
  return pointer;
}

Result<std::shared_ptr<arrow::RecordBatchReader>> Read(const nb::object& source, int64_t begin,
                                                       int64_t end) {
  const nb::gil_scoped_acquire gil;
  try {
    const nb::object rows = source.attr("read")(begin, end);
    const nb::object capsule = rows.attr("__arrow_c_stream__")();
    auto* stream = static_cast<ArrowArrayStream*>(Pointer(capsule, "arrow_array_stream"));
    return arrow::ImportRecordBatchReader(stream);
  } catch (nb::python_error& error) {
    return Status::Invalid(nb::cast<std::string>(nb::str(error.value())));
  }
}

}  // namespace

DatasetInput HeldDataset(const nb::object& source) {
  DatasetInput dataset;
  const nb::object capsule = source.attr("schema").attr("__arrow_c_schema__")();
  dataset.schema =
      OrThrow(arrow::ImportSchema(static_cast<ArrowSchema*>(Pointer(capsule, "arrow_schema"))));
  dataset.rows = nb::cast<int64_t>(source.attr("rows"));
  dataset.bytes = nb::cast<int64_t>(source.attr("bytes"));
  dataset.shards = nb::cast<int64_t>(source.attr("shards"));
  dataset.first_file = nb::cast<int64_t>(source.attr("first_file"));
  dataset.lies_in_memory = nb::cast<bool>(source.attr("lies_in_memory"));
  dataset.fingerprint = nb::cast<std::string>(source.attr("fingerprint"));
  dataset.read = [held = SharedObject(source)](int64_t begin, int64_t end) {
    return Read(*held, begin, end);
  };
  return dataset;
}

}  // namespace millrace::python
