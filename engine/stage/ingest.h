// The first stage: sources and contracts in, committed shards, rejects and a manifest out.
//
// A stage is executed split by split. A split commits through one record that is put if absent;
// whatever has no record is litter. Running again skips what is committed and valid, so a run that
// was killed resumes, and ends in the same bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "contract/binding.h"
#include "contract/contract.h"
#include "io/parquet/shard_writer.h"
#include "io/store.h"
#include "source/file_source.h"
#include "stage/fresh_rows.h"
#include "stage/manifest.h"
#include "stage/reject_privacy.h"
#include "stage/stage_event.h"
#include "stage/unit_call.h"

namespace millrace::stage {

class FileHashes;

struct IngestSource {
  source::FileSource files;
  int contract = 0;  // index into IngestPlan::contracts
  contract::RejectLimits limits;
  std::string config_json;  // canonical JSON of what shapes this source's rows
  /// The rows stay in the files where they can be read again (reference.h), and only stages do so.
  bool in_place = false;
};

struct IngestPlan {
  std::string pipeline;  // name from the config
  // Recorded in manifests; they say where data came from and do not invalidate it.
  std::string config_hash, code_version, engine_version;
  uint64_t seed = 0;
  std::vector<contract::Contract> contracts;
  std::vector<std::string> contract_json;  // canonical JSON, one per contract
  std::vector<IngestSource> sources;       // in config order
  io::ShardWriterOptions writer;
  RejectPrivacy privacy;
  int64_t rows_per_shard = 1 << 20;
  int64_t split_bytes = 64 << 20;  // small files are grouped up to about this size
  /// Of rows that stay in a file that can be cut: where it is entered, at about each multiple. Text
  /// that cannot be cut, and is larger than four, is ingested into shards.
  int64_t reference_bytes = 64 << 20;
};

/// A source with more rejects than its limits allow: what the report of a run that ended so tells.
struct SpentBudget {
  std::string source, table;
  std::string limit;  // "max_rejects" or "max_reject_fraction"
  double allowed = 0;
  int64_t rejected = 0;
  int64_t read = -1;                       // -1: the run stopped before it had read everything
  std::vector<RejectCount> rejects;        // of the files below
  std::vector<io::DataFile> reject_files;  // paths relative to the stage's folder
};

/// What a caller may want to show while a stage runs. Counters only grow; read at any time.
struct Progress {
  std::atomic<int64_t> bytes_total{0}, bytes_read{0}, rows_read{0}, rows_written{0},
      rows_rejected{0}, splits_total{0}, splits_done{0}, splits_skipped{0}, splits_taken_over{0};
};

struct RunLimits {
  int threads = 2;
  int64_t memory_bytes = int64_t{2} << 30;
};

/// How files are opened and contracts bound; handed in so that tests can put their own in the way.
struct InputAccess {
  std::function<Result<source::OpenedFile>(const source::FileSource&, const io::FileInfo&,
                                           const io::Projection&)>
      open;
  std::function<Status(const source::FileSource&, const io::FileInfo&)> check_unchanged;
  std::function<Result<std::unique_ptr<contract::Binding>>(const contract::Contract&,
                                                           const std::string& source)>
      bind;
};
/// The files of the disk and the contract's own binding.
InputAccess RealInput();

/// Has a unit done by another process that works under the same workspace, and gives the id of the
/// commit that it left. `stop`: it is no longer wanted. Called from several threads at once.
using UnitPerformer =
    std::function<Result<std::string>(const UnitCall& call, const std::atomic<bool>& stop)>;

struct RunContext {
  std::shared_ptr<io::Store> workspace;
  RunLimits limits;
  InputAccess input;                             // REQUIRED: RealInput() but for tests
  Progress* progress = nullptr;                  // may be null
  const std::atomic<bool>* cancelled = nullptr;  // may be null; set: stop, resumable
  bool only_committed = false;                   // what is to do is an error, NotCommitted
  SpentBudget* spent_budget = nullptr;           // may be null; filled in for RejectBudget
  std::shared_ptr<FreshRows> fresh_rows;         // takes the rows that are written; may be null
  bool arrow_copies = false;                     // operator stages: of shards (arrow_copy.h)
  std::shared_ptr<FileHashes> hashes;            // of input files; null: those of this call alone
  /// Appends an event to the attempt log; may be null. Never influences data.
  std::function<void(const std::string& event, const std::map<std::string, std::string>& fields)>
      attempt_event;
  StageObserver on_stage_event;  // may be null
  UnitPerformer perform;         // null: units are done here
  int units_at_once = 1;         // that are handed out
};

/// Of the inputs of runs with this context.
std::shared_ptr<FileHashes> MakeFileHashes(const RunContext& context);

/// `stages/ingest/<stage_key>`: where this plan's results live in a workspace. Paths in a manifest
/// are relative to it.
std::string IngestFolder(const IngestPlan& plan);
/// The key of a table's manifest in the workspace.
std::string ManifestKey(const IngestPlan& plan, const std::string& table);

/// Runs the stage to its manifests, one per contract ("table"), in the plan's order.
/// REQUIRES: the workspace is locked (workspace_lock.h) and its store makes private folders.
///
/// Errors: of several the one that comes first in row order. FileChanged, RejectBudget (the rejects
/// stay for the user to see), MemoryLimit when the limit is too small to work with, Cancelled.
Result<std::vector<Manifest>> RunIngest(const IngestPlan& plan, const RunContext& context);

}  // namespace millrace::stage
