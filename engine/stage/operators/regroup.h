// The end of a stage whose config says how its shards are to be cut: what the splits have left is
// joined or divided anew, each new shard a unit of commit.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "stage/operators/operator_run.h"
#include "stage/operators/shard_groups.h"

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

/// A shard to be made of others, or of parts of them.
struct Joined {
  std::string name;
  StageInput from;                 // its shards
  std::vector<ShardPiece> pieces;  // of those, by their index there
};
/// Without a call. What it takes must outlive it.
UnitOfWork JoinUnit(const OperatorRun& run, const Joined& joined, const std::atomic<bool>& stop);

/// All of it but where the shards are: for another process.
std::string JoinedToJson(const Joined& joined);
/// Usage when the text is something else.
Result<Joined> JoinedFromJson(const OperatorRun& run, const std::string& text);

}  // namespace millrace::stage
