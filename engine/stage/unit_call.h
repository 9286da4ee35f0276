// A piece of a stage's work as a driver hands it to another process that works under the same
// workspace: which call of the engine is to be made, and what it depends on beyond the plan. A
// worker has planned the stage by itself; names and ids tell it whether it came to the same plan.
//
// What a call leaves is a commit record, so it may be made twice, or be lost and made again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace::stage {

enum class UnitKind {
  kIngest,     // read a split of the sources
  kMeasure,    // a mixture's input: what its rows have of bytes and tokens
  kSummarise,  // what reaches an instance that must know of all rows
  kApply,      // the chain over a split, with what was decided of it
  kPartition,  // a part of the rows in their new order
  kJoin,       // shards into one
};

struct UnitCall {
  UnitKind kind = UnitKind::kIngest;
  std::string stage, folder;  // its name, and where it commits: a key of the workspace
  size_t index = 0;           // of the split or part
  std::string name;           // of the split or part
  std::string id;             // of the commit; "" of kIngest, where only the bytes tell it
  size_t instance = 0;        // kSummarise: position in the chain; kMeasure: the input
  /// Of each instance decided before, what that means for this split (GlobalDecision::Told).
  std::vector<std::string> decisions;
  std::string detail;  // JSON of what kPartition and kJoin read
};

std::string UnitCallToJson(const UnitCall& call);
/// Usage when it is none.
Result<UnitCall> UnitCallFromJson(const std::string& text);

/// What a worker says when its own plan has come to something else than the driver's.
Status OtherPlan(const UnitCall& call, const std::string& found);
/// That it would commit where the driver looks.
Status CheckFolder(const UnitCall& call, const std::string& folder);

}  // namespace millrace::stage
