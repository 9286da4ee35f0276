// Rows that a caller holds, or makes as they are asked for: what a source of type `dataset` reads.
//
// Thread-safety: `read` is called from any thread, and from several at once.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"

namespace millrace {

struct DatasetInput {
  std::shared_ptr<arrow::Schema> schema;  // REQUIRED
  int64_t rows = -1;                      // -1: a stream of unknown length, which is read once
  int64_t bytes = 0;                      // about, in Arrow's layout; of a stream 0
  /// Equal for equal rows of an equal schema, and for no others; "" of a stream, whose rows are
  /// hashed as they come.
  std::string fingerprint;
  /// Of a stream: it comes in so many parts, whose rows no split mixes.
  int64_t shards = 1;
  /// Of a stream: the number of its first file in the workspace, of one that is a piece of another.
  int64_t first_file = 0;
  /// In memory or in a memory map, as they are given: who wants them again need not keep them.
  bool lies_in_memory = false;
  /// The rows [begin, end); of a stream those of a shard, with (shard, -1), once and in order.
  /// Batches have the schema's columns and types.
  std::function<Result<std::shared_ptr<arrow::RecordBatchReader>>(int64_t begin, int64_t end)> read;

  /// FileChanged when the files behind it are no longer those that were opened. Null: there are
  /// none that anybody could look at.
  std::function<Status()> check_unchanged = nullptr;

  bool streams() const { return rows < 0; }
};

}  // namespace millrace
