#include "stage/commit_record_json.h"

#include "stage/file_json.h"
#include "stage/identity.h"

namespace millrace::stage {

Status ReadJson(const std::string& text, const std::string& what,
                const std::function<void(const Json&)>& read) {
  try {
    const Json json = Json::parse(text);
    if (json.at("format_version").get<int>() != kFormatVersion) {
      return MakeError(ErrorCode::kWorkspaceDamaged,
                       what + " has a format version this program does not know");
    }
    read(json);
  } catch (const Json::exception&) {
    return MakeError(ErrorCode::kWorkspaceDamaged, what + " cannot be read",
                     "remove it; the next run makes it anew");
  }
  return Status::OK();
}

namespace {

Json ToJson(const Shard& shard) {
  Json json = stage::ToJson(shard.data);
  json["first_position"] = shard.first_position;
  json["last_position"] = shard.last_position;
  if (shard.logical_bytes > 0) json["logical_bytes"] = shard.logical_bytes;
  return json;
}
void FromJson(const Json& json, Shard* shard) {
  stage::FromJson(json, &shard->data);
  json.at("first_position").get_to(shard->first_position);
  json.at("last_position").get_to(shard->last_position);
  shard->logical_bytes = json.value("logical_bytes", int64_t{0});
}

}  // namespace

std::string CommitRecordToJson(const CommitRecord& record) {
  Json shards = Json::array(), keys = Json::array();
  for (const Shard& shard : record.shards) shards.push_back(ToJson(shard));
  for (const KeySummary& key : record.keys) {
    keys.push_back({{"column", key.column}, {"file", stage::ToJson(key.file)}});
  }
  Json json = {{"format_version", kFormatVersion},
               {"split_id", record.split_id},
               {"split_name", record.split_name},
               {"source", record.source},
               {"table", record.table},
               {"inputs", ToJsonArray(record.inputs)},
               {"records", record.records},
               {"row_groups", {record.row_group_begin, record.row_group_end}},
               {"first_ordinal", record.first_ordinal},
               {"rows", stage::ToJson(record.rows)},
               {"rejects", ToJsonArray(record.rejects)},
               {"nulled", ToJsonArray(record.nulled)},
               {"shards", std::move(shards)},
               {"reject_files", ToJsonArray(record.reject_files)},
               {"keys", std::move(keys)},
               {"profile", stage::ToJson(record.profile)}};
  if (!record.instances.empty()) json["instances"] = ToJsonArray(record.instances);
  if (!record.mixture.empty()) json["mixture"] = ToJsonArray(record.mixture);
  if (!record.buckets.empty()) json["buckets"] = ToJsonArray(record.buckets);
  return json.dump(1) + '\n';
}

Result<CommitRecord> CommitRecordFromJson(const std::string& text, const std::string& what) {
  CommitRecord record;
  ARROW_RETURN_NOT_OK(ReadJson(text, what, [&](const Json& json) {
    json.at("split_id").get_to(record.split_id);
    json.at("split_name").get_to(record.split_name);
    json.at("source").get_to(record.source);
    json.at("table").get_to(record.table);
    FromJsonArray(json.at("inputs"), &record.inputs);
    json.at("records").get_to(record.records);
    json.at("row_groups").at(0).get_to(record.row_group_begin);
    json.at("row_groups").at(1).get_to(record.row_group_end);
    json.at("first_ordinal").get_to(record.first_ordinal);
    stage::FromJson(json.at("rows"), &record.rows);
    FromJsonArray(json.at("rejects"), &record.rejects);
    if (json.contains("instances")) FromJsonArray(json.at("instances"), &record.instances);
    if (json.contains("mixture")) FromJsonArray(json.at("mixture"), &record.mixture);
    if (json.contains("buckets")) FromJsonArray(json.at("buckets"), &record.buckets);
    FromJsonArray(json.at("nulled"), &record.nulled);
    for (const Json& shard : json.at("shards")) FromJson(shard, &record.shards.emplace_back());
    FromJsonArray(json.at("reject_files"), &record.reject_files);
    for (const Json& key : json.at("keys")) {
      KeySummary& summary = record.keys.emplace_back();
      key.at("column").get_to(summary.column);
      stage::FromJson(key.at("file"), &summary.file);
    }
    stage::FromJson(json.at("profile"), &record.profile);
  }));
  if (record.records.size() != record.inputs.size()) {
    return MakeError(ErrorCode::kWorkspaceDamaged, what + " cannot be read");
  }
  return record;
}

std::string MaskRecordToJson(const MaskRecord& record) {
  const Json json = {{"format_version", kFormatVersion},
                     {"split_id", record.split_id},
                     {"mask", record.mask},
                     {"shard_index", record.shard_index},
                     {"shards", ToJsonArray(record.shards)},
                     {"rejects", ToJsonArray(record.rejects)},
                     {"reject_files", ToJsonArray(record.reject_files)},
                     {"profile", stage::ToJson(record.profile)}};
  return json.dump(1) + '\n';
}

Result<MaskRecord> MaskRecordFromJson(const std::string& text, const std::string& what) {
  MaskRecord record;
  ARROW_RETURN_NOT_OK(ReadJson(text, what, [&](const Json& json) {
    json.at("split_id").get_to(record.split_id);
    json.at("mask").get_to(record.mask);
    json.at("shard_index").get_to(record.shard_index);
    FromJsonArray(json.at("shards"), &record.shards);
    FromJsonArray(json.at("rejects"), &record.rejects);
    FromJsonArray(json.at("reject_files"), &record.reject_files);
    stage::FromJson(json.at("profile"), &record.profile);
  }));
  if (record.shards.size() != record.shard_index.size()) {
    return MakeError(ErrorCode::kWorkspaceDamaged, what + " cannot be read");
  }
  return record;
}

}  // namespace millrace::stage
