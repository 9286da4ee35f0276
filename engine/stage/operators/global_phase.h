// What instances that must know of all rows do to each split. For every such instance, in the order
// of the chain: summarise (per split, committed: which keys reach it, or how many rows), reduce
// (over all splits: which rows it drops), and with the last of them decided the splits are applied.
//
// A row is known by its position: its index among the rows that its split reads.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "op/chain.h"
#include "stage/operators/operator_run.h"
#include "stage/spill.h"

namespace millrace::stage {

/// The rows of one split that one instance drops, in order of position.
/// Thread-safety: one thread.
class SplitDrops {
 public:
  virtual ~SplitDrops() = default;
  /// Of the next `rows` rows, by position among them. REQUIRES: called in the order of the rows.
  virtual Result<op::GlobalDrops> Next(int64_t rows) = 0;
};

/// What was decided for one instance. Thread-safety: any thread.
class GlobalDecision {
 public:
  virtual ~GlobalDecision() = default;
  /// Tells apart what is decided for a split: part of the identity of its commit.
  virtual std::string MaskOf(size_t split) const = 0;
  /// Readies what the rejects of the wanted splits say; without it their drops are positions alone.
  /// Called once, before Open is by several threads.
  virtual Status Prepare(const std::vector<bool>& wanted) {
    (void)wanted;
    return Status::OK();
  }
  virtual Result<std::unique_ptr<SplitDrops>> Open(size_t split) const = 0;
  /// What another process needs to open the drops of the split: a few values, and keys of files.
  virtual nlohmann::json Told(size_t split) const = 0;
  /// What is left behind beyond the stage, once all splits are committed.
  virtual Status Commit() const { return Status::OK(); }
  /// Tells apart decisions that rest on more than the rows: part of the run's id. "" for others.
  virtual std::string Effect() const { return ""; }
  /// Of an output mixture: how many rows fell into each bucket.
  virtual std::vector<int64_t> BucketRows() const { return {}; }
};

using GlobalDecisions = std::vector<std::unique_ptr<GlobalDecision>>;

/// The instance at `instance` of the chain, those before it being decided.
Result<std::unique_ptr<GlobalDecision>> Decide(const OperatorRun& run,
                                               const std::vector<OperatorSplit>& splits,
                                               size_t instance, const GlobalDecisions& before,
                                               SpillFolder& spill);

/// What a split gives for that decision: the part of Decide that is done split by split.
Result<CommitRecord> Summarise(const OperatorRun& run, const OperatorSplit& split, size_t index,
                               size_t instance, const GlobalDecisions& before,
                               const std::atomic<bool>& stop);

/// Where lists are kept that other processes read: in the workspace, wherever that is.
SpillFolder SharedSpill(const OperatorRun& run);

/// What was decided of a split, each as a text for another process.
std::vector<std::string> TellAll(const GlobalDecisions& decisions, size_t split);

/// The identity of a split's commit: its own and what was decided for it.
std::string AppliedId(const OperatorSplit& split, size_t index, const GlobalDecisions& decisions);

/// The drops of the next `rows` rows, of all decisions.
Result<std::vector<op::GlobalDrops>> NextDrops(std::vector<std::unique_ptr<SplitDrops>>& open,
                                               int64_t rows);
Result<std::vector<std::unique_ptr<SplitDrops>>> OpenDrops(const GlobalDecisions& decisions,
                                                           size_t split);

}  // namespace millrace::stage
