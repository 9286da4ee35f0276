// The end of a stage whose config says how its shards are to be cut: what the splits have left is
// joined or divided anew, each new shard a unit of commit.
#pragma once

#include <cstddef>
#include <vector>

#include "stage/operators/operator_run.h"

namespace millrace::stage {

/// A shard by the record that names it.
struct ShardPlace {
  const CommitRecord* record = nullptr;
  size_t index = 0;
};

/// The stage's shards in row order, and the records of those that were made here.
struct Regrouped {
  std::vector<CommitRecord> made;
  std::vector<ShardPlace> shards;
};

/// `records`: committed; they hold the shards that there are, and must outlive the result.
Result<Regrouped> Regroup(const OperatorRun& run, const std::vector<CommitRecord>& records);

}  // namespace millrace::stage
