// The public face of the engine for file pipelines: load, validate, plan, run, look at results.
// Every door (CLI, Python, server) calls these functions and nothing below them.
//
// Thread-safety: a Pipeline is immutable and may be shared; the functions may be called from any
// thread. Two runs in one workspace refuse each other with WorkspaceBusy.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/dataset_input.h"
#include "base/host_operator.h"
#include "base/status.h"

namespace millrace {

/// A loaded config. What it holds is the engine's own business (pipeline/pipeline.h).
class Pipeline;

struct LoadOptions {
  std::map<std::string, std::string> params;  // overrides of the config's `params:`
  int64_t at_step = -1;                       // replaces the config's `at_step`; -1: it stands
  HostOperators host_operators = {};          // for operators of type `python`; may be empty
};

/// Parses and validates the config alone. Fails with all its diagnostics.
Result<std::shared_ptr<const Pipeline>> LoadPipeline(const std::string& path,
                                                     const LoadOptions& options = {});

/// As LoadPipeline, over the text of a config. `file` names it in messages; relative paths in it
/// start at the folder `base_dir`.
Result<std::shared_ptr<const Pipeline>> LoadPipelineText(const std::string& text,
                                                         const std::string& file,
                                                         const std::string& base_dir,
                                                         const LoadOptions& options = {});

/// The names of its stages in their order; the first is `ingest`.
std::vector<std::string> StagesOf(const Pipeline& pipeline);

/// The names of its exports, in the order of the config.
std::vector<std::string> ExportsOf(const Pipeline& pipeline);

/// The names of its sources of type `dataset`, in the order of the config.
std::vector<std::string> DatasetSourcesOf(const Pipeline& pipeline);

/// Its sources of type `hf` with `load`: the arguments of `datasets.load_dataset`, by source.
std::map<std::string, std::map<std::string, std::string>> DatasetLoadsOf(const Pipeline& pipeline);

/// The pipeline with rows for each of both, by their names; everything below takes it.
/// NoDataset when a source is left out, or a name is of none.
Result<std::shared_ptr<const Pipeline>> BindDatasets(
    const Pipeline& pipeline, const std::map<std::string, DatasetInput>& datasets);

/// How many rows of a stream are a piece that a run can be done over by itself, with the rows that
/// a run over all of it would give of them. Usage when that is not so: it has other sources than
/// one of type `dataset`, an operator, mixture or rule that looks at all rows, or exports.
Result<int64_t> LazyPieceRows(const Pipeline& pipeline);

/// Where it works: an absolute path or a URL.
std::string WorkspaceOf(const Pipeline& pipeline);
/// The pipeline with another workspace, a path (relative ones start at the current folder) or a
/// URL.
std::shared_ptr<const Pipeline> WithWorkspace(const Pipeline& pipeline, const std::string& place);

/// Checks what needs the data too: paths match files, the files have the contract's columns.
/// OK, or all problems at once.
Status ValidatePipeline(const Pipeline& pipeline);

/// What a run would do, as JSON (spec/plan.md): sources, files, sizes, sampled schemas, column
/// mapping, splits, exports, estimates, and what changed since the last run.
Result<std::string> PlanPipeline(const Pipeline& pipeline);

/// Snapshot of a run's progress.
struct RunProgress {
  std::string phase;  // "fetch", "ingest", "stage <name>", "judge", "export", "report"
  int64_t pages_fetched = 0;
  int64_t bytes_total = 0, bytes_read = 0;
  int64_t rows_read = 0, rows_written = 0, rows_rejected = 0;
  int64_t splits_total = 0, splits_done = 0, splits_skipped = 0;
  // Of these, those of the phase alone.
  int64_t phase_rows_read = 0, phase_rows_written = 0, phase_splits_total = 0,
          phase_splits_done = 0;
  double seconds = 0;
};

inline constexpr int kThreadsMax = 1024;

struct RunOptions {
  int threads = 0;           // at most kThreadsMax; 0: as the config says
  int64_t memory_bytes = 0;  // 0: as the config says
  bool wait = false;         // wait for another run in the workspace
  // Of sources behind an API: replay the latest snapshots instead of fetching; replay these, by
  // source ("" stands for the only one); begin anew instead of going on with what is unfinished.
  bool offline = false, refetch = false;
  std::map<std::string, std::string> snapshots;
  // The last stage to do: nothing is judged, exported or reported after it, and the run stays
  // unfinished, to be gone on with by the next one. "": all, to the end.
  std::string until;
  // The first stage to do: those before it must be committed for the config and the inputs as they
  // are (NotCommitted); no input is read for them and no API asked. "": all.
  std::string from;
  // Build the stages behind ingest anew, beside the old ones, as if each said `mode: overwrite`.
  bool overwrite = false;
  // Other thresholds for this stage (docs/stages.md): `<instance>.<parameter>` and its value, of
  // filters with `action: tag`. The stage must be committed with those of the config; it is made
  // anew of the rows and measures that it has stored, and the stages behind it run. The config
  // itself is not changed.
  std::string rethreshold;
  std::map<std::string, std::string> thresholds;
  // Has a unit of work done by another process, which makes a UnitWorker of the same pipeline over
  // the same workspace (millrace/units.h), and gives what UnitWorker::Perform gave. `stopped`: it
  // is no longer wanted. Called from `units_at_once` threads. Empty: units are done here.
  std::function<Result<std::string>(const std::string& unit, const std::function<bool()>& stopped)>
      perform;
  int units_at_once = 0;
  // Leave beside the shards of the last stage copies that can be mapped into memory, as far as they
  // serve (spec/workspace.md, datasets/).
  bool arrow_copies = false;
  // What hooks get on their stdin, as JSON (docs/hooks.md); one call at a time, from any thread.
  std::function<void(const std::string& json)> on_stage_event;
  std::function<void(const RunProgress&)> on_progress;  // called about 5 times a second
  const std::atomic<bool>* cancelled = nullptr;
};

struct RejectReason {
  std::string source, instance, rule, column;
  int64_t rows = 0;
};

/// Values that on_error: set_null took out of rows that stayed.
struct NulledReason {
  std::string source, rule, column;
  int64_t values = 0;
};

struct RunResult {
  std::string pipeline, run_id, run_folder;
  std::string report_json_path, report_html_path;  // "" when it stopped before
  std::string until;                               // the stage it was told to stop after, or ""
  int64_t rows_read = 0, rows_written = 0, rows_rejected = 0;  // of ingest
  struct Source {
    std::string name;
    int64_t rows_read = 0, rows_written = 0, rows_rejected = 0;
  };
  std::vector<Source> sources;  // in config order
  /// What an operator instance did with the rows that reached it.
  struct Operator {
    std::string id, type;
    int64_t reached = 0, dropped = 0, tagged = 0, refined = 0, expanded = 0, derived = 0;
  };
  struct Stage {
    std::string name;
    int64_t rows_read = 0, rows_derived = 0;
    int64_t rows_written = 0, rows_rejected = 0, rows_expanded = 0, rows_not_drawn = 0;
    std::vector<Operator> operators;  // in the order they were done
  };
  std::vector<Stage> stages;          // after ingest, in config order
  std::vector<RejectReason> rejects;  // most rows first
  std::vector<NulledReason> nulled;   // most values first
  /// Changes of the data's shape that the contract warns of, one sentence each.
  std::vector<std::string> drift;
  /// Contracts that were inferred because the config has none: where the proposals were written.
  std::vector<std::string> proposed_contracts;
  struct Export {
    std::string name, type, path, release_id;
    int64_t rows = 0, files = 0, bytes = 0;
    int64_t rows_rejected = 0;          // rows of the table that the export could not use
    std::vector<RejectReason> rejects;  // of them; `column` is the part of the prompt
    bool existed = false;
  };
  std::vector<Export> exports;
  struct Requirement {
    std::string id, statement, measured, threshold;
    bool met = false;
  };
  std::string model;                      // whose contract the rows were held against; "" for none
  std::vector<Requirement> requirements;  // in its order
  int64_t splits_total = 0, splits_skipped = 0, splits_done = 0;
  int64_t splits_taken_over = 0;  // made of what was stored with other thresholds
  double seconds = 0;
  std::string ToJson() const;
  /// Prometheus text exposition format.
  std::string ToMetrics() const;
};

Result<RunResult> RunPipeline(const Pipeline& pipeline, const RunOptions& options = {});

/// JSON Schema of the config.
std::string PipelineSchema();
/// JSON Schema of a model's contract.
std::string ModelContractSchema();

}  // namespace millrace
