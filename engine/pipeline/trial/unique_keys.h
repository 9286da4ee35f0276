// Which rows of one pass repeat the key of an earlier one, in bounded memory: what does not fit
// goes to a folder of the system's temporary files, which is there only for a contract with
// `unique`.
//
// Thread-safety: one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "stage/chunk_task.h"

namespace millrace::pipeline {

class UniqueKeys {
 public:
  /// `columns`: names of the unique columns, in the contract's order; not empty.
  static Result<std::unique_ptr<UniqueKeys>> Open(const std::vector<std::string>& columns);
  virtual ~UniqueKeys() = default;

  /// The keys of a chunk whose first record has this position.
  virtual Status Add(const stage::ParsedChunk& chunk, int64_t first_position) = 0;
  /// To be called once, last: each repeated row, in row order, for the first column it repeats.
  virtual Status Finish(
      const std::function<void(int64_t position, size_t column, int64_t first)>& visit) = 0;
};

}  // namespace millrace::pipeline
