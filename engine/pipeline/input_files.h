// The files behind a config's sources, found and opened for a first look: what `validate`, `plan`
// and `run` have in common.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/snapshots.h"
#include "source/file_source.h"

namespace millrace::pipeline {

/// One per source of the config, in its order.
using InputFiles = std::vector<source::FileSource>;

/// UnreadablePath for every source whose path matches nothing, at its place in the config. Behind
/// an API are the pages of a snapshot: of the one that `fetch` gives, without it of the latest.
Result<InputFiles> FindInputFiles(const PipelineConfig& config,
                                  const SnapshotFetch* fetch = nullptr);

/// The columns of a file as it stands; no fields for an empty file. JSONL gives the top-level keys
/// of its first chunk. `wanted` names columns that a run would ask for: whether a CSV file has a
/// header may depend on them.
Result<std::shared_ptr<arrow::Schema>> SchemaOfFile(
    const source::FileSource& source, const io::FileInfo& file,
    const std::vector<io::FieldRequest>& wanted = {});

/// `status` with the place in the config given to those of its diagnostics that have none, and the
/// config's line to those that point into it. Environment errors and bugs have no place there.
Status AtPlace(const Status& status, const PipelineConfig& config, const SourceSpan& span);
/// The place of a diagnostic: its span (where that is known) and the config's line.
void SetPlace(Diagnostic& diagnostic, const PipelineConfig& config, const SourceSpan& span);

}  // namespace millrace::pipeline
