#include "stage/operators/operator_stage.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/build_info.h"
#include "base/process_memory.h"
#include "base/quantity.h"
#include "base/sha256.h"
#include "base/weight.h"
#include "contract/features.h"
#include "io/object/scratch_space.h"
#include "op/filter/quota_filter.h"
#include "stage/commit.h"
#include "stage/identity.h"
#include "stage/manifest_json.h"
#include "stage/operators/exchange.h"
#include "stage/operators/global_phase.h"
#include "stage/operators/mixture_order.h"
#include "stage/operators/operator_run.h"
#include "stage/operators/operator_splits.h"
#include "stage/operators/partition_run.h"
#include "stage/operators/quota_phase.h"
#include "stage/operators/regroup.h"
#include "stage/ordered_queue.h"
#include "stage/ordered_tasks.h"
#include "stage/reject_writer.h"
#include "stage/shard_profiles.h"

namespace millrace::stage {
namespace {

Manifest StartManifest(const OperatorRun& run) {
  const OperatorPlan& plan = run.plan;
  Manifest manifest;
  manifest.format_version = kFormatVersion;
  manifest.pipeline = plan.pipeline;
  manifest.stage = plan.stage;
  manifest.stage_key = run.stage_key;
  manifest.config_hash = plan.config_hash;
  manifest.code_version = plan.code_version;
  manifest.engine_version = plan.engine_version;
  manifest.seed = plan.seed;
  for (const op::Instance& instance : plan.chain->instances()) {
    manifest.operator_versions[instance.type->name] = instance.type->version;
    InstanceCount& count = manifest.instances.emplace_back();
    count.id = instance.id;
    count.type = instance.type->name;
    count.kind = std::string(op::KindName(instance.op->kind()));
    count.version = instance.type->version;
    count.file_sha256 = instance.op->FileSha256();
  }
  return manifest;
}

// A process maps so many files and no more, and finds a row the sooner the fewer they are. Shards
// that are joined again would be copied twice.
bool CopiesServe(const OperatorRun& run, size_t splits) {
  constexpr size_t kCopiedSplitsMax = 256;
  constexpr int64_t kCopiedRowsMin = 1 << 16;  // of a shard that is full
  const OperatorPlan& plan = run.plan;
  const bool joins = plan.bytes_per_shard > 0 || plan.shards_multiple_of > 0;
  const bool few = splits <= kCopiedSplitsMax && plan.rows_per_shard >= kCopiedRowsMin;
  const bool local = !run.place.store().LocalPath("datasets").empty();
  return local && few && !joins && !run.context.perform;
}

// Every shard of a mixture's inputs is one, whatever is drawn of it.
void AddInputs(const OperatorRun& run, const CommitRecord& record, Manifest* manifest) {
  if (run.plan.mixture) return;
  manifest->inputs.insert(manifest->inputs.end(), record.inputs.begin(), record.inputs.end());
}

// What the weights of a curriculum ask for of the units that were drawn: 1 for all inputs together.
std::vector<double> AskedOf(const Mixture& mixture, int64_t units) {
  std::vector<double> asked(mixture.inputs.size());
  std::vector<int64_t> weights;
  for (const Mixture::Of& input : mixture.inputs) weights.push_back(input.weight);
  int64_t begin = 0;
  for (size_t change = 0; change <= mixture.changes.size(); ++change) {
    const bool last = change == mixture.changes.size();
    const int64_t end = last ? units : std::min(units, mixture.changes[change].at);
    int64_t sum = 0;
    for (const int64_t weight : weights) sum += weight;
    for (size_t i = 0; i < asked.size() && end > begin; ++i) {
      asked[i] += static_cast<double>(end - begin) / static_cast<double>(units) *
                  static_cast<double>(weights[i]) / static_cast<double>(sum);
    }
    begin = std::max(begin, end);
    if (!last) weights = mixture.changes[change].weights;
  }
  return asked;
}

int64_t UnitsOf(const MixedInput& input, Mixture::Unit unit) {
  switch (unit) {
    case Mixture::Unit::kBytes:
      return input.bytes;
    case Mixture::Unit::kTokens:
      return input.tokens;
    case Mixture::Unit::kImages:
      return input.images;
    case Mixture::Unit::kRows:
      break;
  }
  return input.drawn;
}

// What was drawn, and as not drawn what was not.
void AddMixture(const Mixture& mixture, const std::vector<StageInput>& inputs,
                const std::vector<CommitRecord>& records, Manifest* manifest) {
  manifest->mixture_tokens = mixture.tokens;
  manifest->mixture_images = mixture.images;
  manifest->draws = MixtureIdentity(mixture);
  for (size_t i = 0; i < inputs.size(); ++i) {
    MixedInput& of = manifest->mixture.emplace_back();
    of.name = inputs[i].name;
    of.weight = static_cast<double>(mixture.inputs[i].weight) / kWeightUnit;
    for (const io::DataFile& shard : inputs[i].shards) {
      of.rows += shard.rows;
      manifest->inputs.push_back({of.name, shard.path, shard.bytes, shard.sha256, {}});
    }
    of.available = mixture.inputs[i].available;
    of.drawn = mixture.order->DrawnBefore(i, mixture.order->rows());
    of.repeated = std::max<int64_t>(0, of.drawn - of.available);
    for (const CommitRecord& record : records) {
      of.bytes += record.mixture.at(i).bytes;
      of.tokens += record.mixture.at(i).tokens;
      of.images += record.mixture.at(i).images;
    }
    RowEquation left;
    left.read = left.not_drawn = of.rows - (of.drawn - of.repeated);
    manifest->rows.Add(left);
  }
  if (mixture.changes.empty()) return;
  int64_t units = 0;
  for (const MixedInput& of : manifest->mixture) units += UnitsOf(of, mixture.unit);
  const std::vector<double> asked = AskedOf(mixture, units);
  for (size_t i = 0; i < asked.size(); ++i) {
    manifest->mixture[i].asked = std::round(asked[i] * 1e6) / 1e6;
  }
}

// What an output mixture drew. `reached`: the rows that fell into each bucket.
void AddBuckets(const op::QuotaFilter& quota, const std::vector<int64_t>& reached,
                const std::vector<CommitRecord>& records, Manifest* manifest) {
  const std::vector<int64_t> asked = RowsDrawn(quota, reached);
  for (size_t i = 0; i < reached.size(); ++i) {
    DrawnBucket& bucket = manifest->buckets.emplace_back();
    bucket.name = quota.buckets()[i].name;
    bucket.quota = static_cast<double>(quota.buckets()[i].weight) / kWeightUnit;
    bucket.available = reached[i];
    bucket.asked = asked[i];
    for (const CommitRecord& record : records) bucket.drawn.Add(record.buckets.at(i));
  }
  manifest->bucket_tokens = quota.options().tokens;
}

// What the shards of a record from `begin` on look like, as far as they are of the stage.
Result<TableProfiler> ProfileOf(const OperatorRun& run, const std::vector<ShardPlace>& shards,
                                size_t begin, size_t end) {
  const io::DataFile& file = shards[begin].record->profile;
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> lines,
                        ShardProfiles::Read(run.place.store(), run.place.Key(file.path)));
  std::vector<std::string> own;
  for (size_t i = begin; i < end; ++i) {
    if (shards[i].index >= lines.size() || lines[shards[i].index].empty()) {
      return MakeError(ErrorCode::kWorkspaceDamaged,
                       file.path + " does not describe all shards of its split");
    }
    own.push_back(lines[shards[i].index]);
  }
  return ShardProfiles::SumOf(own, *run.schema, SensitiveColumns(*run.schema));
}

// The shards and what they look like.
Status AddShards(const OperatorRun& run, const std::vector<ShardPlace>& shards,
                 TableProfiler* profile, Manifest* manifest) {
  std::vector<size_t> begins;  // of the shards of each record
  for (size_t i = 0; i < shards.size(); ++i) {
    manifest->outputs.push_back(shards[i].record->shards[shards[i].index].data);
    if (i == 0 || shards[i].record != shards[i - 1].record) begins.push_back(i);
  }
  begins.push_back(shards.size());
  return ForEachInOrder<TableProfiler>(
      run.pool, begins.size() - 1,
      [&](size_t i) { return ProfileOf(run, shards, begins[i], begins[i + 1]); },
      [&](const TableProfiler& part) { return profile->Merge(part); });
}

/// `shards`: those of the stage, in row order.
Result<Manifest> FinishManifest(const OperatorRun& run, const GlobalDecisions& decisions,
                                const std::vector<CommitRecord>& records,
                                const std::vector<ShardPlace>& shards) {
  Manifest manifest = StartManifest(run);
  TableProfiler profile(*run.schema, SensitiveColumns(*run.schema));
  for (const CommitRecord& record : records) {
    AddInputs(run, record, &manifest);
    manifest.rows.Add(record.rows);
    if (!run.plan.mixture) manifest.rows_by_source[record.source].Add(record.rows);
    AddRejectCounts(record.rejects, &manifest.rejects);
    for (size_t i = 0; i < record.instances.size(); ++i) {
      manifest.instances[i].Add(record.instances[i]);
    }
    for (const io::DataFile& file : record.reject_files) manifest.reject_files.push_back(file);
  }
  ARROW_RETURN_NOT_OK(AddShards(run, shards, &profile, &manifest));
  if (run.plan.mixture) AddMixture(*run.plan.mixture, run.plan.inputs, records, &manifest);
  if (const op::QuotaFilter* quota = run.plan.chain->quota()) {
    AddBuckets(*quota, decisions.back()->BucketRows(), records, &manifest);
  }
  const std::string draws = manifest.draws.empty() ? "" : ' ' + manifest.draws;
  manifest.run_id = RunId(manifest.stage_key + draws, manifest.inputs);
  manifest.profiles = profile.Summary();
  int64_t given = 0;
  for (const StageInput& input : run.plan.inputs) {
    for (const io::DataFile& shard : input.shards) given += shard.rows;
  }
  int64_t stored = 0;
  for (const io::DataFile& shard : manifest.outputs) stored += shard.rows;
  const bool whole = manifest.rows.read == given && manifest.rows.written == stored;
  if (manifest.rows.holds() && whole) return manifest;
  return MakeError(ErrorCode::kRowEquation,
                   "stage " + run.plan.stage + ": of " + std::to_string(given) + " rows given " +
                       std::to_string(manifest.rows.read) + " were read, " +
                       std::to_string(manifest.rows.written) +
                       " written (stored: " + std::to_string(stored) + "), " +
                       std::to_string(manifest.rows.rejected) + " rejected");
}

Status Tell(const OperatorRun& run, StageEvent event) {
  if (!run.context.on_stage_event) return Status::OK();
  event.stage = run.plan.stage;
  return run.context.on_stage_event(event);
}

}  // namespace

std::string OperatorFolder(const OperatorPlan& plan) {
  const std::string first = "stages/" + plan.stage + '/' + OperatorStageKey(plan);
  return plan.generation == 0 ? first : first + '.' + std::to_string(plan.generation);
}

Result<int> LatestGeneration(io::Store& workspace, const OperatorPlan& plan) {
  const std::string stage = "stages/" + plan.stage;
  const std::string first = stage + '/' + OperatorStageKey(plan);
  const std::string end = "/manifest.json";
  int latest = -1;
  ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, workspace.List(stage));
  for (const io::FileInfo& file : files) {
    const std::string& key = file.key;
    if (key.rfind(first, 0) != 0 || key.size() < first.size() + end.size() ||
        key.compare(key.size() - end.size(), end.size(), end) != 0) {
      continue;
    }
    const std::string number = key.substr(first.size(), key.size() - first.size() - end.size());
    int generation = 0;
    if (!number.empty()) {
      const char* last = number.data() + number.size();
      const auto read = std::from_chars(number.data() + 1, last, generation);
      if (number[0] != '.' || read.ptr != last || read.ec != std::errc()) continue;
    }
    latest = std::max(latest, generation);
  }
  return latest;
}

std::shared_ptr<arrow::Schema> OutputSchema(const OperatorPlan& plan) {
  return contract::WithFeatures(plan.chain->stored());
}

Result<Manifest> RunOperators(const OperatorPlan& given, const RunContext& context) {
  MILLRACE_CHECK(context.workspace != nullptr);
  OperatorPlan plan = given;  // with the order of its mixture, when that is known
  TaskPool pool(context.limits.threads);
  ARROW_ASSIGN_OR_RAISE(OperatorRun run, OpenOperatorRun(plan, context, pool));
  ReturnFreeMemory();  // what the stages before have left
  if (plan.mixture && plan.mixture->order == nullptr) {
    ARROW_RETURN_NOT_OK(OrderByAmounts(run, &*plan.mixture));
  }
  const std::vector<OperatorSplit> splits = PlanOperatorSplits(plan);
  run.arrow_copies = context.arrow_copies && CopiesServe(run, splits.size());
  if (plan.before != nullptr) {
    run.earlier = std::unique_ptr<const EarlierStage>(
        new EarlierStage{*plan.before, StageStore(*context.workspace, OperatorFolder(*plan.before)),
                         PlanOperatorSplits(*plan.before)});
  }
  if (context.progress != nullptr) {
    context.progress->splits_total += static_cast<int64_t>(splits.size());
  }
  StageEvent event;
  event.splits = static_cast<int64_t>(splits.size());
  ARROW_RETURN_NOT_OK(Tell(run, event));
  ARROW_ASSIGN_OR_RAISE(const auto scratch, io::ScratchSpace::For(run.place.store()));
  SpillFolder spill(scratch ? scratch->store() : run.place.store(), run.place.Key("spill"));
  ARROW_RETURN_NOT_OK(spill.Clear());
  if (context.perform && scratch) ARROW_RETURN_NOT_OK(SharedSpill(run).Clear());
  GlobalDecisions decisions;
  for (const size_t instance : plan.chain->globals()) {
    ARROW_ASSIGN_OR_RAISE(auto decision, Decide(run, splits, instance, decisions, spill));
    decisions.push_back(std::move(decision));
  }
  ARROW_ASSIGN_OR_RAISE(auto there, CommittedSplits(run, splits, decisions));
  std::vector<bool> wanted;
  for (const auto& record : there) wanted.push_back(!record);
  for (const auto& decision : decisions) ARROW_RETURN_NOT_OK(decision->Prepare(wanted));
  std::vector<CommitRecord> records(splits.size());
  std::atomic<int64_t> skipped{0};
  size_t failed = 0;
  ARROW_RETURN_NOT_OK(RunInOrder(
      splits.size(), run.AtOnce(run.active_splits),
      [&](size_t index, const std::atomic<bool>& stop) {
        OperatorSplitResult result;
        if (there[index]) {
          result.record = *std::move(there[index]);
          result.skipped = true;
        } else {
          ARROW_ASSIGN_OR_RAISE(result, RunOperatorSplit(run, splits[index], index, decisions,
                                                         /*is_missing=*/true, stop));
        }
        ReportSplit(run, result);
        skipped += result.skipped;
        records[index] = std::move(result.record);
        if (result.skipped) return Status::OK();
        StageEvent committed = event;
        committed.kind = StageEvent::Kind::kPartitionEnd;
        committed.split = records[index].split_name;
        committed.rows = records[index].rows;
        return Tell(run, std::move(committed));
      },
      &failed));
  std::vector<CommitRecord> partitions;
  if (plan.chain->order() != nullptr) {
    ReturnFreeMemory();
    ARROW_ASSIGN_OR_RAISE(partitions, RunPartitions(run, records));
  }
  const bool ordered = plan.chain->order() != nullptr;
  ARROW_ASSIGN_OR_RAISE(const Regrouped grouped, Regroup(run, ordered ? partitions : records));
  ARROW_ASSIGN_OR_RAISE(Manifest manifest, FinishManifest(run, decisions, records, grouped.shards));
  for (const auto& decision : decisions) {
    ARROW_RETURN_NOT_OK(decision->Commit());
    const std::string effect = decision->Effect();
    if (effect.empty()) continue;
    Sha256 hash;
    hash.UpdateField(manifest.run_id);
    hash.UpdateField(effect);
    manifest.run_id = FinishIdentity(hash);
  }
  ARROW_RETURN_NOT_OK(PutManifest(run.place, "manifest.json", manifest));
  event.kind = StageEvent::Kind::kEnd;
  event.rows = manifest.rows;
  event.skipped = skipped;
  event.manifests = {run.place.Key("manifest.json")};
  ARROW_RETURN_NOT_OK(Tell(run, std::move(event)));
  return manifest;
}

}  // namespace millrace::stage
