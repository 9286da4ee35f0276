// The config, its files and its contracts as the stage wants them.
#pragma once

#include "pipeline/input_files.h"
#include "pipeline/table_contracts.h"
#include "stage/ingest.h"

namespace millrace::pipeline {

/// Resolves the key of hashed rejects: UnresolvedReference, with its place, when it is not there.
Result<stage::IngestPlan> MakeIngestPlan(const PipelineConfig& config, const InputFiles& inputs,
                                         const TableContracts& tables);

}  // namespace millrace::pipeline
