// The rows behind sources of `type: dataset`, which a caller has handed in, and of `type: hf`. A
// dataset is read where it is; a stream is first stored in the workspace, in files of a bounded
// number of rows, since a run reads its input more than once.
#pragma once

#include "pipeline/config/pipeline_config.h"
#include "pipeline/snapshots.h"
#include "source/file_source.h"

namespace millrace::pipeline {

/// Null for sources of other types.
const io::DatasetReadOptions* DatasetOf(const SourceConfig& source);
/// Whether it is a folder of `datasets` (`type: hf`), which nobody has to hand in.
bool IsFolder(const SourceConfig& source);
/// The columns of a source of either type with what `datasets` calls them, whatever its rows; null
/// for sources of other types. `files`: what was found of it, if anything was.
Result<std::shared_ptr<arrow::Schema>> DatasetSchema(const SourceConfig& source,
                                                     const source::FileSource& files);
bool HasStream(const PipelineConfig& config);

/// With `fetch` a stream is read to its end and stored, unless the run replays what is there;
/// without it, what is there. UnreadablePath while nobody has handed a dataset in. REQUIRES: a
/// source of type `dataset`; with `fetch`, that the workspace is locked.
Result<source::FileSource> RowsForRun(const PipelineConfig& config, const SourceConfig& source,
                                      const SnapshotFetch* fetch);

}  // namespace millrace::pipeline
