// What was decided where rows are dropped because they repeat earlier ones: which, and which row
// each repeats. The rows are spilled, in order; the ids of the rows that they repeat are read only
// for splits that are written anew.
//
// Thread-safety: RowDropsWriter one thread; the decision as GlobalDecision has it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "stage/operators/split_drops.h"

namespace millrace::stage {

struct RowDropsPlan {
  const OperatorRun& run;
  const std::vector<OperatorSplit>& splits;
  size_t instance = 0;
  SpillFolder& spill;
  /// What a row repeats that is in no split.
  std::function<std::string(int64_t first_split, int64_t first_position)> name_outside = {};
  bool has_effect = false;  // the drops rest on more than the rows
  std::function<Status()> commit = {};
};

class RowDropsWriter {
 public:
  explicit RowDropsWriter(RowDropsPlan plan);
  /// REQUIRES: ordered by split and position.
  Status Add(const RowDrop& drop);
  Result<std::unique_ptr<GlobalDecision>> Finish();

 private:
  struct OfSplit {
    std::string mask;             // "" without drops
    int64_t begin = 0, rows = 0;  // its drops in the file
  };
  friend class RowDropsDecision;

  void FinishSplit();

  RowDropsPlan plan_;
  SpillFolder lists_;  // what is read when splits are applied, perhaps by other processes
  std::vector<OfSplit> splits_;
  std::unique_ptr<SpillWriter> writer_;
  int64_t written_ = 0, split_ = -1;
  Sha256 hash_;
};

}  // namespace millrace::stage
