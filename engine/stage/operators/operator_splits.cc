#include "stage/operators/operator_splits.h"

#include "base/sha256.h"
#include "stage/identity.h"
#include "stage/split.h"

namespace millrace::stage {
namespace {

// A shard's name without the hash of its content, and without telling whether it lost duplicates:
// where it stands, whatever is in it.
std::string PlaceOf(const std::string& path) {
  std::string place = path.substr(0, path.rfind('-'));
  const std::string masked = "-unique";
  if (place.size() > masked.size() &&
      place.compare(place.size() - masked.size(), masked.size(), masked) == 0) {
    place.resize(place.size() - masked.size());
  }
  return place;
}

OperatorSplit MakeSplit(const OperatorPlan& plan, const std::string& stage_key, size_t input,
                        const FileRange& range) {
  const StageInput& from = plan.inputs[input];
  OperatorSplit split;
  split.input = static_cast<int>(input);
  split.begin = range.begin;
  split.end = range.end;
  Sha256 place, content;
  place.UpdateField(from.name);
  content.UpdateField(stage_key);
  content.UpdateField(from.name);
  for (size_t i = range.begin; i < range.end; ++i) {
    const io::DataFile& shard = from.shards[i];
    place.UpdateField(PlaceOf(shard.path));
    content.UpdateField(PlaceOf(shard.path));
    content.UpdateField(shard.sha256);
    split.bytes += shard.bytes;
    split.rows += shard.rows;
  }
  split.name = NamedPlace(from.name, place);
  split.id = FinishIdentity(content);
  return split;
}

}  // namespace

std::string OperatorStageKey(const OperatorPlan& plan) {
  Sha256 hash;
  hash.UpdateField("operators");
  UpdateWriter(hash, plan.writer, plan.rows_per_shard, plan.split_bytes);
  hash.UpdateField(std::to_string(plan.seed));
  hash.UpdateField(plan.chain->input()->ToString(/*show_metadata=*/true));
  const auto& instances = plan.chain->instances();
  for (size_t i = 0; i < instances.size(); ++i) {
    hash.UpdateField(instances[i].id);
    hash.UpdateField(instances[i].type->name);
    hash.UpdateField(std::to_string(instances[i].type->version));
    hash.UpdateField(plan.instance_json[i]);
  }
  const std::string privacy = PrivacyIdentity(plan.privacy);
  if (!privacy.empty()) hash.UpdateField("rejects " + privacy);
  return FinishIdentity(hash);
}

std::vector<OperatorSplit> PlanOperatorSplits(const OperatorPlan& plan) {
  const std::string stage_key = OperatorStageKey(plan);
  std::vector<OperatorSplit> splits;
  for (size_t input = 0; input < plan.inputs.size(); ++input) {
    std::vector<io::FileInfo> places;
    for (const io::DataFile& shard : plan.inputs[input].shards) {
      io::FileInfo& file = places.emplace_back();
      file.key = PlaceOf(shard.path);
      file.bytes = shard.bytes;
    }
    for (const FileRange& range : GroupFiles(places, plan.split_bytes)) {
      splits.push_back(MakeSplit(plan, stage_key, input, range));
    }
  }
  return splits;
}

}  // namespace millrace::stage
