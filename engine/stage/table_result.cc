#include "stage/table_result.h"

#include "base/build_info.h"
#include "stage/identity.h"
#include "stage/reject_writer.h"
#include "stage/split_sink.h"

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
  return manifest;
}

// The ranges of one Parquet file name it once each; a manifest names it once.
void AddInputs(const std::vector<InputFile>& inputs, std::vector<InputFile>* to) {
  for (const InputFile& input : inputs) {
    if (to->empty() || to->back() != input) to->push_back(input);
  }
}

Status CheckStoredRows(const StageContext& stage, const Manifest& manifest) {
  int64_t written = 0, rejected = 0;
  for (const io::DataFile& file : manifest.outputs) {
    ARROW_ASSIGN_OR_RAISE(const int64_t rows, StoredRows(stage.store(), stage.Key(file.path)));
    written += rows;
  }
  for (const io::DataFile& file : manifest.reject_files) {
    ARROW_ASSIGN_OR_RAISE(const int64_t rows, StoredRows(stage.store(), stage.Key(file.path)));
    rejected += rows;
  }
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
  for (size_t i = 0; i < splits.size(); ++i) {
    const CommitRecord& record = records[i];
    AddInputs(record.inputs, &all_inputs);
    if (stage.ContractOf(splits[i]) != contract) continue;
    AddInputs(record.inputs, &manifest.inputs);
    manifest.rows.Add(record.rows);
    manifest.rows_by_source[record.source].Add(record.rows);
    AddRejectCounts(record.rejects, &manifest.rejects);
    for (const Shard& shard : record.shards) manifest.outputs.push_back(shard.data);
    for (const io::DataFile& file : record.reject_files) manifest.reject_files.push_back(file);
  }
  manifest.run_id = RunId(manifest.stage_key, all_inputs);
  ARROW_RETURN_NOT_OK(CheckStoredRows(stage, manifest));
  return manifest;
}

}  // namespace millrace::stage
