// What a run that is over left behind: its report, its releases and its rows as Arrow streams.
//
// Thread-safety: a FinishedRun is immutable and may be shared; a reader belongs to one thread.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace millrace {

class Pipeline;

/// An opened run. What it holds is the engine's own business.
class FinishedRun;

struct OpenRunOptions {
  /// The config that the run came from. It says where exports with a relative path lie and how
  /// object stores are reached. Null: both are taken from what the run recorded, as far as the
  /// place of the workspace tells where the config was.
  std::shared_ptr<const Pipeline> pipeline;
};

/// `path` is a run's folder, its report, or a workspace, of which the newest finished run is
/// opened. UnreadablePath when there is none. A run that was told to stop after a stage is opened
/// by its folder: it has the rows up to there, and no exports.
Result<std::shared_ptr<const FinishedRun>> OpenRun(const std::string& path,
                                                   const OpenRunOptions& options = {});

/// As JSON: `folder`, `report_json` and `report_html` (paths), `report` (spec/report.md), `tables`
/// (names), `stages` (names of those behind ingest) and `exports`, each with the folder of its
/// release and its files in row order. Paths are absolute or URLs, and null where nobody can tell
/// where the config was.
std::string DescribeRun(const FinishedRun& run);

/// The committed rows of a table in row order, with the reserved columns; "" stands for the only
/// table. Memory is bounded by a row group. WorkspaceDamaged when a shard is not what was
/// committed, at once where its size tells, else by the reader.
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadRunTable(const FinishedRun& run,
                                                               const std::string& table = "");

/// The rows that left a stage behind ingest, in row order, with the reserved columns; otherwise as
/// ReadRunTable.
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadRunStage(const FinishedRun& run,
                                                               const std::string& stage);

/// The rows that a stage did not pass on and why (spec/rejects.md), in row order; of `ingest` those
/// of a table, "" standing for the only one. Sensitive values are in it as the config keeps them:
/// this is data.
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadRunRejects(const FinishedRun& run,
                                                                 const std::string& stage,
                                                                 const std::string& table = "");

/// The rows of a parquet export's release, in row order. BadValue for exports that are text or
/// spread over partition folders: their files are for readers that know those.
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadRunExport(const FinishedRun& run,
                                                                const std::string& name);

}  // namespace millrace
