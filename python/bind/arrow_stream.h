// A reader of record batches for any library that speaks the Arrow PyCapsule interface.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

namespace arrow {
class RecordBatchReader;
}

namespace millrace::python {

/// Rows that can be taken once.
class ArrowStream {
 public:
  explicit ArrowStream(std::shared_ptr<arrow::RecordBatchReader> reader)
      : reader_(std::move(reader)) {}
  /// A capsule "arrow_array_stream". ValueError when it was taken before.
  nanobind::object Take();

 private:
  std::shared_ptr<arrow::RecordBatchReader> reader_;
};

}  // namespace millrace::python
