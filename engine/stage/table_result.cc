#include "stage/table_result.h"

#include "base/build_info.h"
#include "stage/identity.h"
#include "stage/ordered_tasks.h"
#include "stage/reference.h"
#include "stage/reject_writer.h"
#include "stage/shard_profiles.h"
#include "stage/shard_sequence.h"
#include "stage/split_mask.h"

namespace millrace::stage {
namespace {

Manifest StartManifest(const StageContext& stage, size_t contract) {
  const IngestPlan& plan = stage.plan;
  Manifest manifest;
  manifest.format_version = kFormatVersion;
  manifest.pipeline = plan.pipeline;
  manifest.stage = "ingest";
  manifest.table = plan.contracts[contract].name;
  manifest.stage_key = StageKey(plan);
  manifest.config_hash = plan.config_hash;
  manifest.code_version =
      plan.code_version.empty() ? std::string(CodeVersion()) : plan.code_version;
  manifest.engine_version = plan.engine_version.empty() ? EngineVersion() : plan.engine_version;
  manifest.seed = plan.seed;
  manifest.contract_version = plan.contracts[contract].version;
  manifest.operator_versions = OperatorVersions();
  for (const IngestSource& source : plan.sources) {
    if (source.contract != static_cast<int>(contract) || source.files.snapshot.empty()) continue;
    manifest.snapshots[source.files.name] = source.files.snapshot;
  }
  return manifest;
}

// The ranges of one Parquet file name it once each; a manifest names it once.
void AddInputs(const std::vector<InputFile>& inputs, std::vector<InputFile>* to) {
  for (const InputFile& input : inputs) {
    if (to->empty() || to->back() != input) to->push_back(input);
  }
}

// What is left of a split after its second commit.
CommitRecord WithMask(CommitRecord record, const MaskRecord& mask) {
  for (size_t i = 0; i < mask.shards.size(); ++i) {
    record.shards[static_cast<size_t>(mask.shard_index[i])].data = mask.shards[i];
  }
  std::erase_if(record.shards, [](const Shard& shard) { return shard.data.path.empty(); });
  for (const RejectCount& count : mask.rejects) {
    record.rows.written -= count.rows;
    record.rows.rejected += count.rows;
  }
  AddRejectCounts(mask.rejects, &record.rejects);
  for (const io::DataFile& file : mask.reject_files) record.reject_files.push_back(file);
  return record;
}

// Of the shards that stand; the profiles of a shard written anew come from the mask.
Result<TableProfiler> ProfileOf(const StageContext& stage, const ChunkWork& table,
                                const CommitRecord& record, const std::optional<MaskRecord>& mask) {
  const auto read = [&](const io::DataFile& file) {
    return ShardProfiles::Read(stage.store(), stage.Key(file.path));
  };
  ARROW_ASSIGN_OR_RAISE(std::vector<std::string> lines, read(record.profile));
  if (lines.size() != record.shards.size()) {
    return MakeError(ErrorCode::kWorkspaceDamaged,
                     stage.Key(record.profile.path) + " has not one profile per shard");
  }
  if (mask) {
    for (const int shard : mask->shard_index) lines[static_cast<size_t>(shard)].clear();
    ARROW_ASSIGN_OR_RAISE(const auto anew, read(mask->profile));
    lines.insert(lines.end(), anew.begin(), anew.end());
  }
  return ShardProfiles::SumOf(lines, *table.schema, table.sensitive);
}

Result<int64_t> StoredRowsOf(const StageContext& stage, const std::vector<io::DataFile>& files) {
  int64_t rows = 0;
  ARROW_RETURN_NOT_OK(ForEachInOrder<int64_t>(
      stage.pool, files.size(),
      [&](size_t i) {
        io::DataFile file = files[i];
        file.path = stage.Key(file.path);
        return StoredRows(stage.store(), file);
      },
      [&](int64_t of_file) {
        rows += of_file;
        return Status::OK();
      }));
  return rows;
}

Status CheckStoredRows(const StageContext& stage, const Manifest& manifest) {
  ARROW_ASSIGN_OR_RAISE(const int64_t written, StoredRowsOf(stage, manifest.outputs));
  ARROW_ASSIGN_OR_RAISE(const int64_t rejected, StoredRowsOf(stage, manifest.reject_files));
  RowEquation sum;
  for (const auto& [source, rows] : manifest.rows_by_source) sum.Add(rows);
  int64_t counted = 0;
  for (const RejectCount& count : manifest.rejects) counted += count.rows;
  const RowEquation& rows = manifest.rows;
  if (rows.holds() && sum.holds() && sum.read == rows.read && written == rows.written &&
      rejected == rows.rejected && counted == rows.rejected) {
    return Status::OK();
  }
  return MakeError(ErrorCode::kRowEquation,
                   "stage ingest: " + std::to_string(rows.read) + " rows read, " +
                       std::to_string(written) + " stored, " + std::to_string(rejected) +
                       " rejects stored, " + std::to_string(counted) + " rejects counted");
}

}  // namespace

Result<Manifest> FinishTable(const StageContext& stage, size_t contract,
                             const std::vector<Split>& splits,
                             const std::vector<CommitRecord>& records) {
  Manifest manifest = StartManifest(stage, contract);
  std::vector<InputFile> all_inputs;  // a run's id is that of all its tables
  std::vector<const CommitRecord*> own;
  for (size_t i = 0; i < splits.size(); ++i) {
    AddInputs(records[i].inputs, &all_inputs);
    if (stage.ContractOf(splits[i]) == contract) own.push_back(&records[i]);
  }
  manifest.run_id = RunId(manifest.stage_key, all_inputs);
  std::vector<std::optional<MaskRecord>> masks(own.size());
  if (!stage.tables[contract].unique_columns.empty()) {
    ARROW_ASSIGN_OR_RAISE(masks, MaskDuplicates(stage, contract, own));
  }
  const ChunkWork& table = stage.tables[contract];
  TableProfiler profile(*table.schema, table.sensitive);
  for (size_t i = 0; i < own.size(); ++i) {
    const CommitRecord masked = masks[i] ? WithMask(*own[i], *masks[i]) : *own[i];
    AddInputs(masked.inputs, &manifest.inputs);
    manifest.rows.Add(masked.rows);
    manifest.rows_by_source[masked.source].Add(masked.rows);
    AddRejectCounts(masked.rejects, &manifest.rejects);
    AddNulledCounts(masked.nulled, &manifest.nulled);
    for (const Shard& shard : masked.shards) manifest.outputs.push_back(shard.data);
    for (const io::DataFile& file : masked.reject_files) manifest.reject_files.push_back(file);
  }
  ARROW_RETURN_NOT_OK(ForEachInOrder<TableProfiler>(
      stage.pool, own.size(), [&](size_t i) { return ProfileOf(stage, table, *own[i], masks[i]); },
      [&](const TableProfiler& part) { return profile.Merge(part); }));
  manifest.profiles = profile.Summary();
  ARROW_RETURN_NOT_OK(CheckStoredRows(stage, manifest));
  return manifest;
}

}  // namespace millrace::stage
