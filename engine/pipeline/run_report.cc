#include "pipeline/run_report.h"

#include "base/build_info.h"
#include "pipeline/pipeline.h"
#include "pipeline/report/reject_samples.h"
#include "pipeline/stage_plans.h"
#include "stage/ordered_queue.h"

namespace millrace::pipeline {
namespace {

void NameTypesAsDeclared(const contract::Contract& contract,
                         std::vector<stage::ColumnProfile>& profiles) {
  for (stage::ColumnProfile& profile : profiles) {
    for (const contract::Column& column : contract.columns) {
      if (column.name != profile.name) continue;
      profile.type = column.is_json ? "json" : contract::TypeText(*column.type);
    }
  }
}

Result<ReportTable> IngestTable(const DoneWork& done, size_t i, io::Store& workspace,
                                const stage::RowAccess& rows, const std::atomic<bool>* cancelled) {
  const contract::Contract& contract = done.tables.contracts[i];
  ReportTable table;
  table.manifest = done.manifests[i];
  table.manifest_key = done.manifest_keys[i];
  NameTypesAsDeclared(contract, table.manifest.profiles);
  table.inferred = contract.inferred;
  if (contract.inferred) table.proposal_key = ProposalKey(contract);
  ARROW_ASSIGN_OR_RAISE(table.rejects,
                        SampleRejects(workspace, done.ingest_folder, done.manifests[i],
                                      SensitiveColumnsOf(contract), kSamplesPerReason));
  stage::SampleLimits limits;
  limits.cancelled = cancelled;
  auto sample = stage::SampleTable(rows, done.ingest_folder, done.manifests[i], contract, limits);
  // Rows may have stayed in a file that is written to by now: what was published stands, and the
  // card has no look at them.
  const bool changed = !sample.ok() && CodeOf(sample.status()) == ErrorCode::kFileChanged;
  if (!changed) ARROW_RETURN_NOT_OK(sample.status());
  if (sample.ok()) table.sample = *std::move(sample);
  return table;
}

Result<ReportTable> StageTable(const StageResult& stage, io::Store& workspace,
                               const stage::RowAccess& rows, const std::atomic<bool>* cancelled) {
  const contract::Contract columns = ColumnsOf("", *stage.schema);
  ReportTable table;
  table.manifest = stage.manifest;
  table.manifest_key = stage.folder + "/manifest.json";
  NameTypesAsDeclared(columns, table.manifest.profiles);
  ARROW_ASSIGN_OR_RAISE(table.rejects,
                        SampleRejects(workspace, stage.folder, stage.manifest,
                                      SensitiveColumnsOf(columns), kSamplesPerReason));
  stage::SampleLimits limits;
  limits.cancelled = cancelled;
  ARROW_ASSIGN_OR_RAISE(table.sample,
                        stage::SampleTable(rows, stage.folder, stage.manifest, columns, limits));
  return table;
}

}  // namespace

void StartReport(const PipelineConfig& config, const DoneWork& done, Report* report) {
  report->pipeline = config.name;
  report->plan_id = PlanId(config);
  // A stage's run id rests on what it read: the last one speaks for all before it.
  report->run_id = !done.stages.empty()     ? done.stages.back().manifest.run_id
                   : done.manifests.empty() ? ""
                                            : done.manifests.front().run_id;
  report->config_hash = config.config_hash;
  report->code_version = std::string(CodeVersion());
  report->engine_version = EngineVersion();
  report->seed = config.seed;
  for (const SourceConfig& source : config.sources) report->sources.push_back(source.name);
}

Status FillReport(const PipelineConfig& config, const DoneWork& done, io::Store& workspace,
                  int threads, const std::atomic<bool>* cancelled, Report* report) {
  StartReport(config, done, report);
  const size_t tables = done.manifests.size();
  const stage::RowAccess rows(workspace, done.in_place, /*ahead=*/false);
  std::vector<ReportTable> filled(tables + done.stages.size());
  size_t failed = 0;
  ARROW_RETURN_NOT_OK(stage::RunInOrder(
      filled.size(), threads,
      [&](size_t i, const std::atomic<bool>&) {
        return (i < tables ? IngestTable(done, i, workspace, rows, cancelled)
                           : StageTable(done.stages[i - tables], workspace, rows, cancelled))
            .Value(&filled[i]);
      },
      &failed));
  for (size_t i = 0; i < filled.size(); ++i) {
    (i < tables ? report->tables : report->stages).push_back(std::move(filled[i]));
  }
  return Status::OK();
}

}  // namespace millrace::pipeline
