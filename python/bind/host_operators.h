// Operators that a Python program brings along, as the engine calls them: batches cross by the
// Arrow C data interface, and Python is asked once for each of them.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/host_operator.h"

namespace millrace::python {

/// Rows for any library that speaks the Arrow PyCapsule interface.
class ArrowBatch {
 public:
  explicit ArrowBatch(std::shared_ptr<arrow::RecordBatch> rows) : rows_(std::move(rows)) {}
  /// The capsules "arrow_schema" and "arrow_array".
  nanobind::tuple Export() const;

 private:
  std::shared_ptr<arrow::RecordBatch> rows_;
};

/// `resolver` (millrace._operator.Resolver) has `find(entry)`, which gives what an operator is
/// declared as, or raises; the engine asks from threads of its own. Whoever has the pipeline keeps
/// the resolver: an operator's function may lead back to the pipeline, and a circle through the
/// engine would never be collected. None: there are no such operators. REQUIRES: the GIL is held.
HostOperators OperatorsOf(const nanobind::object& resolver);

/// A number for each row id (an object with `__arrow_c_array__` of one text column), made from the
/// seed, the instance and the id alone: a batch of one column of uint64.
ArrowBatch RowSeeds(const nanobind::object& row_ids, uint64_t seed, const std::string& instance);

}  // namespace millrace::python
