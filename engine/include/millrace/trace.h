// The life of a row: from where it was read through every operator to the shard where it ended.
//
// Thread-safety: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace {

class Pipeline;

struct TraceOptions {
  std::vector<std::string> row_ids;  // `<source>/<path>#<ordinal>`, as `__fdf__/row_id` has it
  std::string where;                 // instead: an expression over the rows as they were ingested
  int64_t rows_max = 3;              // of `where`: the first rows that it is true of
};

/// What became of the rows in the last finished run of the config, as JSON (spec/trace.md). Each
/// stage is worked out again for the row, with what was decided over all rows taken from its
/// rejects. Values of sensitive columns are masked.
///
/// Usage: there is no such row, or nothing that the expression is true of. UnreadablePath: no run
/// of this config has finished. BadExpression.
Result<std::string> TraceRows(const Pipeline& pipeline, const TraceOptions& options);

}  // namespace millrace
