#include "stage/stage_context.h"

#include <chrono>

#include "contract/features.h"
#include "stage/commit.h"

namespace millrace::stage {
int64_t WallClockNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Status StageContext::Fill() {
  for (const contract::Contract& contract : plan.contracts) {
    ChunkWork& table = tables.emplace_back();
    table.schema = contract::StoredSchema(contract);
    for (size_t i = 0; i < contract.columns.size(); ++i) {
      if (contract.columns[i].unique) table.unique_columns.push_back(static_cast<int>(i));
      if (contract.columns[i].sensitive) table.sensitive.insert(contract.columns[i].name);
    }
  }
  rejects_by_source = std::make_unique<std::atomic<int64_t>[]>(plan.sources.size());
  ARROW_ASSIGN_OR_RAISE(resumes, place.Look());
  for (const IngestSource& source : plan.sources) {
    hashes.Load(source.files);
    if (source.in_place) {
      tables[static_cast<size_t>(source.contract)].mark_bytes = plan.reference_bytes;
    }
  }
  return Status::OK();
}

}  // namespace millrace::stage
