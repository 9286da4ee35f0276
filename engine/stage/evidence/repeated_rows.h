// How many rows of a table repeat an earlier row in some columns: exact, over any number of rows.
// Null equals null here.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "io/data_file.h"
#include "io/store.h"
#include "stage/spill.h"

namespace millrace::stage {

/// `shards` with keys of the store, in row order. Memory near `bytes_max`; the rest spills.
Result<int64_t> CountRepeatedRows(io::Store& store, const std::vector<io::DataFile>& shards,
                                  const std::vector<std::string>& columns, SpillFolder& spill,
                                  int64_t bytes_max, const std::atomic<bool>* cancelled);

}  // namespace millrace::stage
