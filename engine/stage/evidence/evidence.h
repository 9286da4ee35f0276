// What the committed rows show for and against a model's contract: one finding per requirement, by
// counting. Depends on the rows and the contract alone, not on threads, memory or batches.
//
// Memory: a few row groups at a time, and `memory_bytes` for the keys of duplicate checks, which
// spill. Errors: WorkspaceDamaged where a shard is not what was committed; Cancelled.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "contract/contract.h"
#include "contract/model/model_contract.h"
#include "io/store.h"
#include "stage/manifest.h"

namespace millrace::stage {

struct Evidence {
  std::string id, statement, type, table;
  contract::OnUnmet on_unmet = contract::OnUnmet::kWarn;
  bool met = false;
  std::string check, threshold, measured;  // in words
  int64_t rows_counted = 0;
  int64_t rows_breaking = -1;  // -1: the check counts no rows
  double fraction = 0;         // of the rows that break it
  double max_fraction = 0;
  std::vector<std::string> row_ids;                           // of the first rows that break it
  std::vector<std::pair<std::string, int64_t>> rows_by_kind;  // of personal data
};

/// How the rows of a table divide over the values of a column.
struct Composition {
  std::string table, column;
  bool sensitive = false;  // then no value is here
  bool too_many = false;   // more values than are kept: none is here
  int64_t rows = 0, nulls = 0;
  std::vector<std::pair<std::string, int64_t>> values;  // most rows first, then by text
};

struct ModelEvidence {
  std::vector<Evidence> findings;  // in the contract's order
  std::vector<Composition> compositions;
  bool met() const;
  /// Whether one that is not met is of the kind that fails the run.
  bool fails() const;
};

struct EvidenceTable {
  const contract::Contract* contract = nullptr;  // as resolved: with kept and inferred columns
  const Manifest* manifest = nullptr;
  std::string folder;  // in the workspace, of the manifest's paths
};

struct EvidenceLimits {
  int threads = 1;
  int64_t memory_bytes = int64_t{256} << 20;
  const std::atomic<bool>* cancelled = nullptr;  // may be null
};

/// REQUIRES: every table that a requirement names is there, and the workspace is locked.
Result<ModelEvidence> GatherEvidence(const contract::ModelContract& model,
                                     const std::vector<EvidenceTable>& tables, io::Store& workspace,
                                     const EvidenceLimits& limits);

}  // namespace millrace::stage
