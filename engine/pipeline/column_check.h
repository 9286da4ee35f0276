// Does the data have the columns that the contracts name? Asked before any row is read, so that
// the answer points into the config.
#pragma once

#include "base/status.h"
#include "pipeline/input_files.h"
#include "pipeline/table_contracts.h"

namespace millrace::pipeline {

/// OK, or every column that a file lacks (MissingColumn, at the column in the config) and every
/// file that cannot be opened (at its source). A problem is told once, for the first file that has
/// it; after 20 a source's further files are not looked at.
Status CheckColumns(const PipelineConfig& config, const InputFiles& inputs,
                    const TableContracts& tables);

/// The same of one source.
Result<std::vector<Diagnostic>> ColumnProblems(const PipelineConfig& config,
                                               const SourceConfig& source,
                                               const source::FileSource& files,
                                               const contract::Contract& contract);

}  // namespace millrace::pipeline
