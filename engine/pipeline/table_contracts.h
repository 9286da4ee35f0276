// The contracts a run works with: as declared, or inferred from the data where the config has
// none, with the columns that `unknown_columns: keep` adds.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "contract/contract.h"
#include "pipeline/input_files.h"

namespace millrace::pipeline {

struct TableContracts {
  std::vector<contract::Contract> contracts;
  std::vector<std::string> json;  // canonical, one per contract: what stage identities hash
  std::vector<int> of_source;     // index into `contracts`, one per source
  const contract::Contract& OfSource(size_t source) const {
    return contracts[static_cast<size_t>(of_source[source])];
  }
};

/// Depends on the config and the input files alone, never on earlier runs.
Result<TableContracts> ResolveContracts(const PipelineConfig& config, const InputFiles& inputs);

/// The same without input files, where contracts are declared or come from datasets that are at
/// hand; BadValue where they do not.
Result<TableContracts> KnownContracts(const PipelineConfig& config);

std::set<std::string> SensitiveColumnsOf(const contract::Contract& contract);

/// The key in a workspace of the proposal for an inferred contract:
/// "contract.proposed.yaml", or "contract.proposed.<table>.yaml".
std::string ProposalKey(const contract::Contract& contract);
/// What is written there: a block to paste into the config, and why it is there.
std::string ProposalText(const contract::Contract& contract);

}  // namespace millrace::pipeline
