// A stage with operators: committed shards of sources or stages in, a chain of instances over their
// rows, and committed shards, rejects and a manifest out. It is executed and committed split by
// split like ingest, and running again skips what is committed and valid.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/parquet/shard_writer.h"
#include "mix/schedule.h"
#include "op/chain.h"
#include "stage/ingest.h"
#include "stage/manifest.h"
#include "stage/reject_privacy.h"

namespace millrace::stage {

class RowsInPlace;

/// Rows that a stage reads: committed shards of one source or stage, in row order.
struct StageInput {
  std::string name;                  // as the config calls it
  std::string folder;                // of the stage that wrote them; a key of the workspace
  std::vector<io::DataFile> shards;  // paths relative to it
  std::shared_ptr<FreshRows> fresh = nullptr;             // rows of them that are still in memory
  std::shared_ptr<const RowsInPlace> in_place = nullptr;  // reads references
  bool read_last = false;  // nobody reads them after the stage: what is worked off is let go
};

/// In which proportion the rows of the inputs are drawn.
struct Mixture {
  enum class Unit { kRows, kBytes, kTokens, kImages };
  struct Of {
    int64_t weight = 0;                     // in kWeightUnit
    int64_t available = 0;                  // rows of the input that may be drawn: the first ones
    int64_t rows_max = -1, bytes_max = -1;  // caps; -1: none
    int64_t epochs_max = 1;
  };
  std::vector<Of> inputs;  // one per input of the stage
  Unit unit = Unit::kRows;
  mix::Stop stop = mix::Stop::kFirstExhausted;
  std::vector<mix::WeightChange> changes;
  std::string tokens;  // an expression that counts those of a row; "" for none
  std::string images;  // a column of them, or an expression that counts them; "" for none
  /// Null until the inputs have been measured, where that is needed (mixture_order.h).
  std::shared_ptr<const mix::DrawOrder> order;
};

struct OperatorPlan {
  std::string pipeline, stage;  // names from the config
  // Recorded in manifests; they do not invalidate results.
  std::string config_hash, code_version, engine_version;
  uint64_t seed = 0;
  std::vector<StageInput> inputs;  // all have the chain's input columns
  std::optional<Mixture> mixture;  // none: the inputs come one after the other
  std::shared_ptr<const op::Chain> chain;
  std::vector<std::string> instance_json;  // canonical JSON of each instance's parameters
  /// Of instances that keep an index (key_index.h), by id.
  std::map<std::string, std::shared_ptr<io::Store>> indexes;
  /// The stage with other thresholds: what it has committed is taken over where that gives the same
  /// as working on the rows anew. Null: there is none. REQUIRES: op::RetagFault says nothing.
  std::shared_ptr<const OperatorPlan> before;
  io::ShardWriterOptions writer;
  RejectPrivacy privacy;
  int64_t rows_per_shard = 1 << 20;
  int64_t bytes_per_shard = 0;      // logical bytes; 0: shards are as large as their splits
  int64_t shards_multiple_of = 0;   // 0: any number of them
  int key_digest_bits = 128;        // fewer in tests: digests of different values are equal
  int64_t near_kept_bytes = 0;      // of hashes that a NearFilter holds; 0: as the limit allows
  int64_t rows_per_draw = 1 << 19;  // positions of a mixture that make a split
  int64_t split_bytes = 32 << 20;   // neighbouring shards are grouped up to about this size
  int generation = 0;               // how often it has been built anew: LatestGeneration
};

/// `stages/<stage>/<stage_key>`, behind the first generation `stages/<stage>/<stage_key>.<n>`. The
/// key is of all that shapes rows but the inputs.
std::string OperatorFolder(const OperatorPlan& plan);

/// The last generation of the stage that was finished; -1 when none was.
Result<int> LatestGeneration(io::Store& workspace, const OperatorPlan& plan);

/// The columns of the stage's shards.
std::shared_ptr<arrow::Schema> OutputSchema(const OperatorPlan& plan);

/// Runs the stage to its manifest, `manifest.json` in its folder.
/// REQUIRES: the workspace is locked; the inputs are committed.
///
/// Errors: of several the one that comes first in row order. WorkspaceDamaged when a shard is not
/// what was committed, MemoryLimit when the limit is too small to work with, Cancelled.
Result<Manifest> RunOperators(const OperatorPlan& plan, const RunContext& context);

}  // namespace millrace::stage
