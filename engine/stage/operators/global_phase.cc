#include "stage/operators/global_phase.h"

#include "base/sha256.h"
#include "stage/identity.h"
#include "stage/operators/count_phase.h"
#include "stage/operators/key_phase.h"
#include "stage/operators/near_phase.h"
#include "stage/operators/quota_phase.h"

namespace millrace::stage {

Result<std::unique_ptr<GlobalDecision>> Decide(const OperatorRun& run,
                                               const std::vector<OperatorSplit>& splits,
                                               size_t instance, const GlobalDecisions& before,
                                               SpillFolder& spill) {
  switch (run.plan.chain->instances()[instance].op->scope()) {
    case op::Scope::kKeys:
      return DecideKeys(run, splits, instance, before, spill);
    case op::Scope::kNear:
      return DecideNear(run, splits, instance, before, spill);
    case op::Scope::kCount:
      return DecideCount(run, splits, instance, before);
    case op::Scope::kQuota:
      return DecideQuota(run, splits, instance, before);
    case op::Scope::kRow:
    case op::Scope::kOrder:
      break;
  }
  return MakeError(ErrorCode::kBug, "an operator that needs no decision is to be decided");
}

Result<CommitRecord> Summarise(const OperatorRun& run, const OperatorSplit& split, size_t index,
                               size_t instance, const GlobalDecisions& before,
                               const std::atomic<bool>& stop) {
  switch (run.plan.chain->instances()[instance].op->scope()) {
    case op::Scope::kKeys:
      return SummariseKeys(run, split, index, instance, before, stop);
    case op::Scope::kNear:
      return SummariseNear(run, split, index, instance, before, stop);
    case op::Scope::kCount:
      return SummariseCount(run, split, index, instance, before, stop);
    case op::Scope::kQuota:
      return SummariseQuota(run, split, index, instance, before, stop);
    case op::Scope::kRow:
    case op::Scope::kOrder:
      break;
  }
  return MakeError(ErrorCode::kBug, "an operator that needs no decision is to be summarised");
}

SpillFolder SharedSpill(const OperatorRun& run) {
  return SpillFolder(run.place.store(), run.place.Key("spill"));
}

std::vector<std::string> TellAll(const GlobalDecisions& decisions, size_t split) {
  std::vector<std::string> told;
  for (const auto& decision : decisions) {
    nlohmann::json json = decision->Told(split);
    json["mask"] = decision->MaskOf(split);
    told.push_back(json.dump());
  }
  return told;
}

std::string AppliedId(const OperatorSplit& split, size_t index, const GlobalDecisions& decisions) {
  if (decisions.empty()) return split.id;
  Sha256 hash;
  hash.UpdateField(split.id);
  for (const auto& decision : decisions) hash.UpdateField(decision->MaskOf(index));
  return FinishIdentity(hash);
}

Result<std::vector<op::GlobalDrops>> NextDrops(std::vector<std::unique_ptr<SplitDrops>>& open,
                                               int64_t rows) {
  std::vector<op::GlobalDrops> drops;
  for (const auto& one : open) {
    ARROW_ASSIGN_OR_RAISE(drops.emplace_back(), one->Next(rows));
  }
  return drops;
}

Result<std::vector<std::unique_ptr<SplitDrops>>> OpenDrops(const GlobalDecisions& decisions,
                                                           size_t split) {
  std::vector<std::unique_ptr<SplitDrops>> open;
  for (const auto& decision : decisions) {
    ARROW_ASSIGN_OR_RAISE(open.emplace_back(), decision->Open(split));
  }
  return open;
}

}  // namespace millrace::stage
