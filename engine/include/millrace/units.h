// Units of a run that other processes do: the worker's side of RunOptions::perform.
//
// The driver runs the pipeline as always and holds the workspace's lock; instead of doing a unit
// (a split to ingest, to summarise or to put through a stage's operators, a partition of a new
// order, shards to join) it hands a text to a worker. The worker plans the pipeline for itself,
// does the unit and leaves a commit record in the workspace, put if absent. So a unit may be done
// twice, by two workers at once, or be lost and done again; and the run ends in the bytes of one
// without workers. What needs all units (which rows are duplicates, manifests, exports, reports) is
// the driver's.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/pipeline.h"

namespace millrace {

struct UnitWorkerOptions {
  int threads = 0;           // of this worker; 0: as the config says
  int64_t memory_bytes = 0;  // of this worker; 0: as the config says
  const std::atomic<bool>* cancelled = nullptr;
};

/// Plans once and then does any number of units; anew when a unit is of another plan.
/// Thread-safety: one thread.
class UnitWorker {
 public:
  /// `pipeline`: loaded from the driver's config with its parameters and its workspace. Streams
  /// among its datasets are not read: the driver has stored them.
  static Result<std::unique_ptr<UnitWorker>> Make(std::shared_ptr<const Pipeline> pipeline,
                                                  const UnitWorkerOptions& options = {});
  virtual ~UnitWorker() = default;
  /// A reply for the driver: which commit was left, or why the unit could not be done. Usage among
  /// the reasons: this is another version, or it sees other inputs than the driver.
  virtual std::string Perform(const std::string& unit) = 0;
};

/// What LoadPipelineText makes the pipeline of again, in another process; its workspace and its
/// datasets are handed on beside it.
struct PipelineRecipe {
  std::string text, file, base_dir;
  std::map<std::string, std::string> params;
  int64_t at_step = -1;
};
PipelineRecipe RecipeOf(const Pipeline& pipeline);

/// The entries of the operators that a program brings along (type `python`), by stage: what a
/// driver must know to give their units to workers that can hold what they load.
std::map<std::string, std::vector<std::string>> HostOperatorsOf(const Pipeline& pipeline);

}  // namespace millrace
