// Rows of ingest that stayed in the files of their sources, once more, for those that come behind a
// run.
#pragma once

#include <memory>
#include <string>

#include "io/store.h"
#include "pipeline/input_files.h"
#include "pipeline/table_contracts.h"
#include "stage/rows_in_place.h"

namespace millrace::pipeline {

/// As the config reads its sources now. `folder`: of ingest, as a run has left it; UnreadablePath
/// when the config comes to another one by now. Null when the rows of no source stay in place.
Result<std::shared_ptr<const stage::RowsInPlace>> IngestedRows(
    const PipelineConfig& config, const InputFiles& inputs, const TableContracts& tables,
    const std::shared_ptr<io::Store>& workspace, const std::string& folder);

}  // namespace millrace::pipeline
