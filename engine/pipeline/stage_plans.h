// The stages of a config as they are run: bound to the columns that the contracts give, one after
// the other, and planned over what the stages before have committed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/config/stage_chain.h"
#include "pipeline/input_files.h"
#include "pipeline/table_contracts.h"
#include "stage/operators/operator_stage.h"

namespace millrace::pipeline {

/// One per stage of the config. All problems at once, each at its place. `secrets`: empty when
/// nothing is to be run.
Result<std::vector<StageChain>> BindStages(const PipelineConfig& config,
                                           const TableContracts& tables,
                                           const op::SecretReader& secrets = {});

/// The columns of a stage's shards in the shape of a contract, for what looks at tables: names,
/// types, and what is sensitive. Reserved columns are left out.
contract::Contract ColumnsOf(const std::string& table, const arrow::Schema& stored);

/// What has been committed so far, by the name that configs call it.
class CommittedRows {
 public:
  /// The sources of a table: `manifest` of the ingest stage in `folder`.
  void AddTable(const PipelineConfig& config, const std::string& table, const std::string& folder,
                const stage::Manifest& manifest);
  void AddStage(const std::string& folder, const stage::Manifest& manifest);
  /// REQUIRES: it was added.
  const stage::StageInput& Of(const std::string& name) const;

 private:
  std::vector<stage::StageInput> inputs_;
};

/// `base`: what stages have in common with ingest (hashes, versions, seed, privacy).
Result<stage::OperatorPlan> MakeOperatorPlan(const stage::IngestPlan& base,
                                             const StageConfig& stage, const StageChain& chain,
                                             const CommittedRows& committed);

}  // namespace millrace::pipeline
