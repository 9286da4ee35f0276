// What a run rests on, before it reads a row: the files, the contracts of their tables, and the
// stages bound to the columns. Depends on the config and the inputs alone, so that a driver and its
// workers come to the same.
#pragma once

#include <atomic>
#include <vector>

#include "pipeline/input_files.h"
#include "pipeline/stage_plans.h"
#include "pipeline/table_contracts.h"

namespace millrace::pipeline {

struct SettledInputs {
  InputFiles files;
  TableContracts tables;
  std::vector<StageChain> chains;  // one per stage of the config
};

/// `fetch`: null where nothing is behind an API or a stream. All problems at once.
Result<SettledInputs> SettleInputs(const PipelineConfig& config, const SnapshotFetch* fetch,
                                   const std::atomic<bool>* cancelled);

/// Reads the config's secrets when an operator asks for one.
op::SecretReader SecretsOf(const PipelineConfig& config, const std::atomic<bool>* cancelled);

/// A fetch that asks no API and reads no stream to its end: it finds what `choice` names in the
/// workspace. What it is to tell and count goes nowhere until the caller says where.
SnapshotFetch MakeFetch(const PipelineConfig& config, std::shared_ptr<io::Store> workspace,
                        SnapshotChoice choice, const std::atomic<bool>* cancelled);

}  // namespace millrace::pipeline
