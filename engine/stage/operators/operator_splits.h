// The splits of a stage with operators, and what they are called: neighbouring shards of one input,
// grouped by where they stand and how large they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stage/operators/operator_stage.h"

namespace millrace::stage {

struct OperatorSplit {
  int input = 0;                       // index into OperatorPlan::inputs
  size_t begin = 0, end = 0;           // of its shards
  int64_t mix_begin = 0, mix_end = 0;  // instead, of a mixture: positions of its order
  std::string name, id;                // of its place; of its place and content
  int64_t bytes = 0, rows = 0;
};

/// Of everything that shapes the stage's rows except its inputs.
std::string OperatorStageKey(const OperatorPlan& plan);

/// A shard's name without the hash of its content, and without telling whether it lost duplicates:
/// where it stands, whatever is in it.
std::string ShardPlaceName(const std::string& path);

/// In row order: inputs in config order, shards in theirs. REQUIRES: a mixture has its order.
std::vector<OperatorSplit> PlanOperatorSplits(const OperatorPlan& plan);

/// Of one input, whatever a mixture draws of it.
std::vector<OperatorSplit> PlanInputSplits(const OperatorPlan& plan, size_t input);

/// The shards that a split reads, as a commit record names its inputs.
std::vector<InputFile> InputsOf(const OperatorPlan& plan, const OperatorSplit& split);

}  // namespace millrace::stage
