// Which sources' rows stay in their files, so that ingest counts and checks them and writes none.
// Thread-safety: pure functions.
#pragma once

#include "contract/contract.h"
#include "pipeline/config/pipeline_config.h"

namespace millrace::pipeline {

/// Whether nobody but stages reads the rows of the source, which can be read again where they are:
/// files of this machine, or a dataset that does not stream, under a contract that compares no rows
/// with each other. A dataset that does not stream stays where it is if no stage reads it, too.
/// From the config and the place of the files alone, whatever they hold.
bool StaysInPlace(const PipelineConfig& config, const SourceConfig& source,
                  const source::FileSource& files, const contract::Contract& contract);

}  // namespace millrace::pipeline
