// Rows that a Python program holds, as the engine reads them: batches cross by the Arrow C stream
// interface, and Python is asked once for each range of rows.
#pragma once

#include <nanobind/nanobind.h>

#include "base/dataset_input.h"

namespace millrace::python {

/// `source` has `schema` (with `__arrow_c_schema__`), `rows` (-1: a stream), `bytes`, `shards`,
/// `first_file`, `lies_in_memory`, `fingerprint`, and `read(begin, end)`, which gives an object
/// with `__arrow_c_stream__`. It is kept as long as the engine may ask for rows, which it does
/// from threads of its own. REQUIRES: the GIL is held.
DatasetInput HeldDataset(const nanobind::object& source);

}  // namespace millrace::python
