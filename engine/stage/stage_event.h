// What happens to a stage while it runs, told to whoever observes it. Nothing can be changed by it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "stage/manifest.h"

namespace millrace::stage {

struct StageEvent {
  enum class Kind { kStart, kPartitionEnd, kEnd };
  Kind kind = Kind::kStart;
  std::string stage;
  std::string split;                   // of kPartitionEnd: the one that is committed now
  RowEquation rows;                    // of the split; of kEnd: of the stage
  int64_t splits = 0, skipped = 0;     // of kEnd: how many of the stage were done already; of the
                                       // partitions of a shuffle: how many they are
  std::vector<std::string> manifests;  // of kEnd: keys in the workspace
};

/// Called from any thread, by several at once. What is committed stays so whatever it says; an
/// error ends the run, and the next one goes on.
using StageObserver = std::function<Status(const StageEvent& event)>;

}  // namespace millrace::stage
