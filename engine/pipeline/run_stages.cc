#include "pipeline/run_stages.h"

#include <algorithm>
#include <filesystem>

#include "io/object/store_url.h"
#include "pipeline/places.h"
#include "pipeline/settled_inputs.h"
#include "pipeline/thresholds.h"

namespace millrace::pipeline {

Status StageSequence::Run(const stage::IngestPlan& ingest, stage::RunContext* context) {
  DoneWork& done = of_.done;
  CommittedRows committed;
  for (const stage::Manifest& manifest : done.manifests) {
    committed.AddTable(of_.config, manifest.table, done.ingest_folder, manifest);
  }
  const auto fresh_rows = context->fresh_rows;
  for (size_t i = 0; i < of_.choice.until; ++i) {
    const StageConfig& stage = of_.config.stages[i];
    told_.set_work(i + 1 >= of_.choice.from, context);
    told_.enter("stage " + stage.name);
    ARROW_ASSIGN_OR_RAISE(stage::OperatorPlan plan,
                          MakeOperatorPlan(ingest, stage, of_.chains[i], committed));
    for (stage::StageInput& input : plan.inputs) {
      input.fresh = fresh_rows;
      input.in_place = done.in_place;
      input.read_last = !IsReadAfter(i, input.name);
    }
    ARROW_RETURN_NOT_OK(OpenIndexes(&plan));
    context->fresh_rows = IsReadAfter(i, stage.name) ? fresh_rows : nullptr;
    context->arrow_copies = of_.options.arrow_copies && i + 1 == of_.choice.until;
    if (of_.before != nullptr && stage.name == of_.options.rethreshold) {
      const ThresholdsBefore before{*of_.before, done.tables, *context->workspace, i};
      ARROW_ASSIGN_OR_RAISE(plan.before, PlanBefore(before, ingest, plan, committed,
                                                    SecretsOf(of_.config, of_.options.cancelled)));
    }
    if (stage.overwrites || of_.options.overwrite) {
      // Beside what is finished; what an attempt has begun there is gone on with.
      ARROW_ASSIGN_OR_RAISE(const int latest, stage::LatestGeneration(*context->workspace, plan));
      plan.generation = context->only_committed ? std::max(latest, 0) : latest + 1;
    }
    StageResult& result = done.stages.emplace_back();
    result.folder = stage::OperatorFolder(plan);
    result.schema = stage::OutputSchema(plan);
    ARROW_RETURN_NOT_OK(told_.name_stages());
    ARROW_ASSIGN_OR_RAISE(result.manifest, stage::RunOperators(plan, *context));
    committed.AddStage(result.folder, result.manifest);
    for (const stage::StageInput& input : plan.inputs) {
      if (!input.read_last) continue;
      for (const io::DataFile& shard : input.shards) {
        fresh_rows->Forget(input.folder + '/' + shard.path);
      }
    }
  }
  return Status::OK();
}

// Digests that outlive the run. Nobody else changes them until it is over.
Status StageSequence::OpenIndexes(stage::OperatorPlan* plan) {
  for (const op::Instance& instance : plan->chain->instances()) {
    if (instance.op->scope() != op::Scope::kKeys) continue;
    const std::string& index = static_cast<const op::KeyFilter&>(*instance.op).options().index;
    if (index.empty()) continue;
    const std::filesystem::path local = std::filesystem::path(of_.config.base_dir) / index;
    const std::string place = io::IsUrl(index) ? index : local.lexically_normal().string();
    OpenedIndex& opened = indexes_[place];
    if (opened.store == nullptr) {
      ARROW_ASSIGN_OR_RAISE(opened.store, OpenPlace(place, of_.storage, /*private_mode=*/true));
      ARROW_ASSIGN_OR_RAISE(opened.lock, stage::LockWorkspace(*opened.store, of_.options.wait,
                                                              of_.options.cancelled));
    }
    plan->indexes[instance.id] = opened.store;
  }
  return Status::OK();
}

// Whether a stage of this run, behind the one at `index`, reads the input.
bool StageSequence::IsReadAfter(size_t index, const std::string& input) const {
  for (size_t i = index + 1; i < of_.choice.until; ++i) {
    const auto& inputs = of_.config.stages[i].inputs;
    if (std::find(inputs.begin(), inputs.end(), input) != inputs.end()) return true;
  }
  return false;
}

}  // namespace millrace::pipeline
