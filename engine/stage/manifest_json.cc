#include "stage/manifest_json.h"

#include "stage/file_json.h"

namespace millrace::stage {
namespace {

Json ToJson(const ColumnProfile& profile) {
  Json json = {{"name", profile.name},
               {"type", profile.type},
               {"sensitive", profile.sensitive},
               {"rows", profile.rows},
               {"nulls", profile.nulls},
               {"distinct_estimate", profile.distinct_estimate},
               {"length_min", profile.length_min},
               {"length_max", profile.length_max},
               {"length_mean", profile.length_mean}};
  if (!profile.sensitive) {
    json["min"] = profile.min;
    json["max"] = profile.max;
  }
  return json;
}

Json ToJson(const MixShare& share) {
  return {{"asked", share.asked},
          {"rows", share.rows},
          {"bytes", share.bytes},
          {"tokens", share.tokens},
          {"images", share.images}};
}

Json ToJson(const MixedInput& input) {
  Json json = {
      {"name", input.name},           {"weight", input.weight}, {"rows", input.rows},
      {"available", input.available}, {"drawn", input.drawn},   {"repeated", input.repeated},
      {"bytes", input.bytes},         {"tokens", input.tokens}, {"images", input.images}};
  if (input.asked >= 0) json["asked"] = input.asked;
  return json;
}

Json ToJson(const DrawnBucket& bucket) {
  return {{"name", bucket.name},           {"quota", bucket.quota},
          {"available", bucket.available}, {"asked", bucket.asked},
          {"drawn", bucket.drawn.rows},    {"bytes", bucket.drawn.bytes},
          {"tokens", bucket.drawn.tokens}};
}

// Each part with its shares; tokens and images where something counts them.
template <typename Part>
Json PartsJson(const std::vector<Part>& parts, const std::string& tokens,
               const std::string& images) {
  Json json = Json::array();
  const std::vector<MixShare> shares = SharesOf(parts);
  for (size_t i = 0; i < parts.size(); ++i) {
    Json& part = json.emplace_back(ToJson(parts[i]));
    part["shares"] = ToJson(shares[i]);
    for (Json* counts : {&part, &part["shares"]}) {
      if (tokens.empty()) counts->erase("tokens");
      if (images.empty()) counts->erase("images");
    }
  }
  return json;
}

void FromJson(const Json& json, DrawnBucket* bucket) {
  json.at("name").get_to(bucket->name);
  json.at("quota").get_to(bucket->quota);
  json.at("available").get_to(bucket->available);
  json.at("asked").get_to(bucket->asked);
  json.at("drawn").get_to(bucket->drawn.rows);
  json.at("bytes").get_to(bucket->drawn.bytes);
  bucket->drawn.tokens = json.value("tokens", int64_t{0});
}

void FromJson(const Json& json, MixedInput* input) {
  json.at("name").get_to(input->name);
  json.at("weight").get_to(input->weight);
  json.at("rows").get_to(input->rows);
  json.at("available").get_to(input->available);
  json.at("drawn").get_to(input->drawn);
  json.at("repeated").get_to(input->repeated);
  input->bytes = json.value("bytes", int64_t{0});
  input->tokens = json.value("tokens", int64_t{0});
  input->images = json.value("images", int64_t{0});
  input->asked = json.value("asked", -1.0);
}

void FromJson(const Json& json, ColumnProfile* profile) {
  json.at("name").get_to(profile->name);
  json.at("type").get_to(profile->type);
  json.at("sensitive").get_to(profile->sensitive);
  json.at("rows").get_to(profile->rows);
  json.at("nulls").get_to(profile->nulls);
  json.at("distinct_estimate").get_to(profile->distinct_estimate);
  json.at("length_min").get_to(profile->length_min);
  json.at("length_max").get_to(profile->length_max);
  json.at("length_mean").get_to(profile->length_mean);
  profile->min = json.value("min", "");
  profile->max = json.value("max", "");
}

}  // namespace

std::string ManifestToJson(const Manifest& manifest) {
  Json by_source = Json::object(), profiles = Json::array();
  for (const auto& [source, rows] : manifest.rows_by_source)
    by_source[source] = stage::ToJson(rows);
  for (const ColumnProfile& profile : manifest.profiles) profiles.push_back(ToJson(profile));
  Json json = {{"format_version", manifest.format_version},
               {"pipeline", manifest.pipeline},
               {"stage", manifest.stage},
               {"table", manifest.table},
               {"stage_key", manifest.stage_key},
               {"run_id", manifest.run_id},
               {"config_hash", manifest.config_hash},
               {"code_version", manifest.code_version},
               {"engine_version", manifest.engine_version},
               {"seed", manifest.seed},
               {"contract_version", manifest.contract_version},
               {"input_rows", manifest.rows.read},
               {"output_rows", manifest.rows.written},
               {"rows", stage::ToJson(manifest.rows)},
               {"rows_by_source", std::move(by_source)},
               {"rejects", ToJsonArray(manifest.rejects)},
               {"nulled", ToJsonArray(manifest.nulled)},
               {"operator_versions", manifest.operator_versions},
               {"outputs", ToJsonArray(manifest.outputs)},
               {"reject_files", ToJsonArray(manifest.reject_files)},
               {"profiles", std::move(profiles)},
               {"inputs", ToJsonArray(manifest.inputs)},
               {"snapshots", manifest.snapshots}};
  if (!manifest.instances.empty()) json["instances"] = ToJsonArray(manifest.instances);
  if (!manifest.mixture.empty()) {
    json["mixture"] = PartsJson(manifest.mixture, manifest.mixture_tokens, manifest.mixture_images);
  }
  if (!manifest.draws.empty()) json["draws"] = manifest.draws;
  if (!manifest.buckets.empty()) {
    json["output_mixture"] = PartsJson(manifest.buckets, manifest.bucket_tokens, "");
  }
  if (!manifest.mixture_tokens.empty()) json["mixture_tokens"] = manifest.mixture_tokens;
  if (!manifest.mixture_images.empty()) json["mixture_images"] = manifest.mixture_images;
  if (!manifest.bucket_tokens.empty()) json["output_mixture_tokens"] = manifest.bucket_tokens;
  return json.dump(1) + '\n';
}

Result<Manifest> ManifestFromJson(const std::string& text, const std::string& what) {
  Manifest manifest;
  ARROW_RETURN_NOT_OK(ReadJson(text, what, [&](const Json& json) {
    json.at("format_version").get_to(manifest.format_version);
    json.at("pipeline").get_to(manifest.pipeline);
    json.at("stage").get_to(manifest.stage);
    json.at("table").get_to(manifest.table);
    json.at("stage_key").get_to(manifest.stage_key);
    json.at("run_id").get_to(manifest.run_id);
    json.at("config_hash").get_to(manifest.config_hash);
    json.at("code_version").get_to(manifest.code_version);
    json.at("engine_version").get_to(manifest.engine_version);
    json.at("seed").get_to(manifest.seed);
    json.at("contract_version").get_to(manifest.contract_version);
    stage::FromJson(json.at("rows"), &manifest.rows);
    for (const auto& [source, rows] : json.at("rows_by_source").items()) {
      stage::FromJson(rows, &manifest.rows_by_source[source]);
    }
    FromJsonArray(json.at("rejects"), &manifest.rejects);
    if (json.contains("instances")) FromJsonArray(json.at("instances"), &manifest.instances);
    if (json.contains("mixture")) {
      for (const Json& input : json.at("mixture")) {
        FromJson(input, &manifest.mixture.emplace_back());
      }
    }
    if (json.contains("output_mixture")) {
      for (const Json& bucket : json.at("output_mixture")) {
        FromJson(bucket, &manifest.buckets.emplace_back());
      }
    }
    manifest.draws = json.value("draws", "");
    manifest.mixture_tokens = json.value("mixture_tokens", "");
    manifest.mixture_images = json.value("mixture_images", "");
    manifest.bucket_tokens = json.value("output_mixture_tokens", "");
    FromJsonArray(json.at("nulled"), &manifest.nulled);
    json.at("operator_versions").get_to(manifest.operator_versions);
    FromJsonArray(json.at("outputs"), &manifest.outputs);
    FromJsonArray(json.at("reject_files"), &manifest.reject_files);
    for (const Json& profile : json.at("profiles"))
      FromJson(profile, &manifest.profiles.emplace_back());
    FromJsonArray(json.at("inputs"), &manifest.inputs);
    json.at("snapshots").get_to(manifest.snapshots);
  }));
  return manifest;
}

}  // namespace millrace::stage
