#include "stage/identity.h"

#include "base/sha256.h"

namespace millrace::stage {
namespace {

constexpr size_t kNameDigits = 24;      // 96 bits: names, not signatures
constexpr size_t kSourceBytesMax = 40;  // of a source's name inside a file name

void UpdateNumber(Sha256& hash, int64_t number) { hash.UpdateField(std::to_string(number)); }

void UpdatePlace(Sha256& hash, const IngestPlan& plan, const Split& split) {
  const source::FileSource& files = plan.sources[static_cast<size_t>(split.source)].files;
  hash.UpdateField(files.name);
  UpdateNumber(hash, split.row_group_begin);
  UpdateNumber(hash, split.row_group_end);
  for (const int file : split.files) hash.UpdateField(files.files[static_cast<size_t>(file)].key);
}

}  // namespace

std::string FinishIdentity(Sha256& hash) { return hash.FinishHex().substr(0, kNameDigits); }

void UpdateWriter(Sha256& hash, const io::ShardWriterOptions& writer, int64_t rows_per_shard,
                  int64_t split_bytes) {
  UpdateNumber(hash, rows_per_shard);
  UpdateNumber(hash, split_bytes);
  for (const int64_t number : {writer.rows_per_batch, writer.bytes_per_batch,
                               writer.rows_per_row_group, writer.bytes_per_row_group,
                               int64_t{writer.compression_level}, int64_t{writer.statistics}}) {
    UpdateNumber(hash, number);
  }
}

std::string NamedPlace(const std::string& name, Sha256& place) {
  std::string text = name.substr(0, kSourceBytesMax);
  for (char& c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!plain) c = '_';
  }
  return text + '-' + FinishIdentity(place);
}

const std::map<std::string, int>& OperatorVersions() {
  static const std::map<std::string, int> versions = {
      {"contract", 1}, {"csv", 2}, {"jsonl", 1}, {"parquet", 2}, {"unique", 2}};
  return versions;
}

std::string StageKey(const IngestPlan& plan) {
  Sha256 hash;
  hash.UpdateField("ingest");
  UpdateNumber(hash, kFormatVersion);
  for (const auto& [name, version] : OperatorVersions()) {
    hash.UpdateField(name);
    UpdateNumber(hash, version);
  }
  hash.UpdateField(std::to_string(plan.seed));
  UpdateWriter(hash, plan.writer, plan.rows_per_shard, plan.split_bytes);
  UpdateNumber(hash, static_cast<int64_t>(plan.contracts.size()));
  for (size_t i = 0; i < plan.contracts.size(); ++i) {
    hash.UpdateField(plan.contracts[i].name);
    hash.UpdateField(plan.contract_json[i]);
  }
  const std::string privacy = PrivacyIdentity(plan.privacy);
  if (!privacy.empty()) hash.UpdateField("rejects " + privacy);
  for (const IngestSource& source : plan.sources) {
    hash.UpdateField(source.files.name);
    UpdateNumber(hash, source.contract);
    hash.UpdateField(source.config_json);
    if (source.in_place) hash.UpdateField("in place " + std::to_string(plan.reference_bytes));
  }
  return FinishIdentity(hash);
}

std::string SplitName(const IngestPlan& plan, const Split& split) {
  Sha256 hash;
  UpdatePlace(hash, plan, split);
  return NamedPlace(plan.sources[static_cast<size_t>(split.source)].files.name, hash);
}

std::string SplitId(const IngestPlan& plan, const Split& split,
                    const std::vector<std::string>& sha256) {
  Sha256 hash;
  hash.UpdateField(StageKey(plan));
  UpdatePlace(hash, plan, split);
  for (const std::string& content : sha256) hash.UpdateField(content);
  return FinishIdentity(hash);
}

std::string RunId(const std::string& stage_key, const std::vector<InputFile>& inputs) {
  Sha256 hash;
  hash.UpdateField(stage_key);
  for (const InputFile& input : inputs) {
    hash.UpdateField(input.source);
    hash.UpdateField(input.path);
    hash.UpdateField(input.sha256);
  }
  return FinishIdentity(hash);
}

}  // namespace millrace::stage
