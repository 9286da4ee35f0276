#include "bind/arrow_stream.h"

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>

#include "bind/error_bridge.h"

namespace millrace::python {
namespace {

constexpr char kCapsuleName[] = "arrow_array_stream";

// Of a stream that nobody moved out of the capsule.
void ReleaseCapsule(PyObject* capsule) {
  auto* stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, kCapsuleName));
  if (stream->release != nullptr) stream->release(stream);
  delete stream;
}

}  // namespace

nanobind::object ArrowStream::Take() {
  if (reader_ == nullptr) throw nanobind::value_error("the rows of this stream were taken before");
  auto stream = std::make_unique<ArrowArrayStream>();
  OrThrow(arrow::ExportRecordBatchReader(std::move(reader_), stream.get()));
  reader_ = nullptr;
  PyObject* capsule = PyCapsule_New(stream.get(), kCapsuleName, ReleaseCapsule);
  if (capsule == nullptr) {
    stream->release(stream.get());
    throw nanobind::python_error();
  }
  stream.release();
  return nanobind::steal(capsule);
}

}  // namespace millrace::python
