#include "stage/operators/operator_splits.h"

#include <algorithm>

#include "base/sha256.h"
#include "stage/identity.h"
#include "stage/operators/mixed_rows.h"
#include "stage/split.h"

namespace millrace::stage {
namespace {

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
    place.UpdateField(ShardPlaceName(shard.path));
    content.UpdateField(ShardPlaceName(shard.path));
    content.UpdateField(shard.sha256);
    split.bytes += shard.bytes_of_rows();
    split.rows += shard.rows;
  }
  split.name = NamedPlace(from.name, place);
  split.id = FinishIdentity(content);
  return split;
}

InputFile InputOf(const StageInput& input, size_t shard) {
  const io::DataFile& file = input.shards[shard];
  return {input.name, file.path, file.bytes, file.sha256, {}};
}

std::vector<OperatorSplit> MixtureSplits(const OperatorPlan& plan) {
  const std::string stage_key = OperatorStageKey(plan);
  const mix::DrawOrder& order = *plan.mixture->order;
  std::vector<OperatorSplit> splits;
  for (int64_t begin = 0; begin < order.rows(); begin += plan.rows_per_draw) {
    OperatorSplit& split = splits.emplace_back();
    split.mix_begin = begin;
    split.mix_end = std::min(begin + plan.rows_per_draw, order.rows());
    split.rows = split.mix_end - begin;
    Sha256 place, content;
    place.UpdateField(std::to_string(begin));
    content.UpdateField(stage_key);
    content.UpdateField(order.Fingerprint(begin, split.mix_end));
    for (size_t i = 0; i < plan.inputs.size(); ++i) {
      const StageInput& input = plan.inputs[i];
      content.UpdateField(input.name);
      content.UpdateField(std::to_string(order.DrawnBefore(i, begin)));
      // Where an epoch ends matters to those that reach it.
      const int64_t available = plan.mixture->inputs[i].available;
      const bool repeats = order.DrawnBefore(i, split.mix_end) > available;
      content.UpdateField(repeats ? std::to_string(available) : "");
      int64_t first_row = 0;
      size_t next = 0;
      for (const size_t shard : DrawnShards(plan, split, i)) {
        for (; next < shard; ++next) first_row += input.shards[next].rows;
        content.UpdateField(std::to_string(first_row));
        content.UpdateField(input.shards[shard].sha256);
        split.bytes += input.shards[shard].bytes_of_rows();
      }
    }
    split.name = NamedPlace("mixture", place);
    split.id = FinishIdentity(content);
  }
  return splits;
}

}  // namespace

std::string ShardPlaceName(const std::string& path) {
  std::string place = path.substr(0, path.rfind('-'));
  const std::string masked = "-unique";
  if (place.size() > masked.size() &&
      place.compare(place.size() - masked.size(), masked.size(), masked) == 0) {
    place.resize(place.size() - masked.size());
  }
  return place;
}

std::vector<InputFile> InputsOf(const OperatorPlan& plan, const OperatorSplit& split) {
  std::vector<InputFile> inputs;
  if (!plan.mixture) {
    for (size_t shard = split.begin; shard < split.end; ++shard) {
      inputs.push_back(InputOf(plan.inputs[static_cast<size_t>(split.input)], shard));
    }
    return inputs;
  }
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    for (const size_t shard : DrawnShards(plan, split, i)) {
      inputs.push_back(InputOf(plan.inputs[i], shard));
    }
  }
  return inputs;
}

std::string OperatorStageKey(const OperatorPlan& plan) {
  Sha256 hash;
  hash.UpdateField("operators 2");
  UpdateWriter(hash, plan.writer, plan.rows_per_shard, plan.split_bytes);
  hash.UpdateField(std::to_string(plan.seed));
  hash.UpdateField(plan.chain->input()->ToString(/*show_metadata=*/true));
  const auto& instances = plan.chain->instances();
  for (size_t i = 0; i < instances.size(); ++i) {
    hash.UpdateField(instances[i].id);
    hash.UpdateField(instances[i].type->name);
    hash.UpdateField(std::to_string(instances[i].type->version));
    hash.UpdateField(plan.instance_json[i]);
    const std::string identity = instances[i].op->Identity();
    if (!identity.empty()) hash.UpdateField("identity " + identity);
    const std::string file = instances[i].op->FileSha256();
    if (!file.empty()) hash.UpdateField("file " + file);
  }
  if (plan.mixture) {
    hash.UpdateField("mixture 2 " + std::to_string(plan.rows_per_draw));
    hash.UpdateField(plan.mixture->tokens);
    if (!plan.mixture->images.empty()) hash.UpdateField("images " + plan.mixture->images);
  }
  if (plan.bytes_per_shard > 0) {
    hash.UpdateField("bytes per shard " + std::to_string(plan.bytes_per_shard));
  }
  if (plan.shards_multiple_of > 0) {
    hash.UpdateField("shards multiple of " + std::to_string(plan.shards_multiple_of));
  }
  const std::string privacy = PrivacyIdentity(plan.privacy);
  if (!privacy.empty()) hash.UpdateField("rejects " + privacy);
  return FinishIdentity(hash);
}

std::vector<OperatorSplit> PlanInputSplits(const OperatorPlan& plan, size_t input) {
  const std::string stage_key = OperatorStageKey(plan);
  std::vector<OperatorSplit> splits;
  std::vector<io::FileInfo> places;
  for (const io::DataFile& shard : plan.inputs[input].shards) {
    io::FileInfo& file = places.emplace_back();
    file.key = ShardPlaceName(shard.path);
    file.bytes = shard.bytes_of_rows();
  }
  for (const FileRange& range : GroupFiles(places, plan.split_bytes)) {
    splits.push_back(MakeSplit(plan, stage_key, input, range));
  }
  return splits;
}

std::vector<OperatorSplit> PlanOperatorSplits(const OperatorPlan& plan) {
  if (plan.mixture) return MixtureSplits(plan);
  std::vector<OperatorSplit> splits;
  for (size_t input = 0; input < plan.inputs.size(); ++input) {
    for (OperatorSplit& split : PlanInputSplits(plan, input)) splits.push_back(std::move(split));
  }
  return splits;
}

}  // namespace millrace::stage
