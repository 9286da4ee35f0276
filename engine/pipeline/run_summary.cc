#include "pipeline/run_summary.h"

#include <algorithm>
#include <filesystem>

namespace millrace::pipeline {
namespace {

void AddSources(const Report& report, RunResult* result) {
  for (const std::string& name : report.sources) {
    stage::RowEquation rows;
    for (const ReportTable& table : report.tables) {
      const auto found = table.manifest.rows_by_source.find(name);
      if (found != table.manifest.rows_by_source.end()) rows.Add(found->second);
    }
    result->sources.push_back({name, rows.read, rows.written, rows.rejected});
  }
}

void AddRejects(const ReportTable& table, RunResult* result) {
  for (const ReportReject& reject : table.rejects) {
    const stage::RejectCount& c = reject.count;
    result->rejects.push_back({c.source, c.instance, c.rule, c.column, c.rows});
  }
  for (const stage::NulledCount& c : table.manifest.nulled) {
    result->nulled.push_back({c.source, c.rule, c.column, c.values});
  }
}

RunResult::Stage SummariseStage(const stage::Manifest& manifest) {
  RunResult::Stage stage;
  stage.name = manifest.stage;
  stage.rows_read = manifest.rows.read;
  stage.rows_derived = manifest.rows.derived;
  stage.rows_written = manifest.rows.written;
  stage.rows_rejected = manifest.rows.rejected;
  stage.rows_expanded = manifest.rows.expanded;
  stage.rows_not_drawn = manifest.rows.not_drawn;
  for (const stage::InstanceCount& i : manifest.instances) {
    stage.operators.push_back(
        {i.id, i.type, i.reached, i.dropped, i.tagged, i.refined, i.expanded, i.derived});
  }
  return stage;
}

RunResult::Export SummariseExport(const ExportConfig& config, const exporting::Release& release) {
  RunResult::Export e;
  e.name = release.export_name;
  e.type = exporting::FormatName(config.options.format);
  e.path = (std::filesystem::path(config.path) / release.release_id).string();
  e.release_id = release.release_id;
  e.rows = release.rows;
  e.files = static_cast<int64_t>(release.files.size());
  for (const io::DataFile& file : release.files) e.bytes += file.bytes;
  e.rows_rejected = release.rows_rejected();
  for (const exporting::ExportRejects& r : release.rejects) {
    e.rejects.push_back({"", release.export_name, r.rule, r.part, r.rows});
  }
  e.existed = release.existed;
  return e;
}

}  // namespace

RunResult SummariseRun(const PipelineConfig& config, const Report& report,
                       const std::vector<exporting::Release>& releases) {
  RunResult result;
  result.pipeline = config.name;
  result.run_id = report.run_id;
  const stage::RowEquation rows = report.Rows();
  result.rows_read = rows.read;
  result.rows_written = rows.written;
  result.rows_rejected = rows.rejected;
  AddSources(report, &result);
  for (const ReportTable& table : report.tables) AddRejects(table, &result);
  for (const ReportTable& stage : report.stages) {
    AddRejects(stage, &result);
    result.stages.push_back(SummariseStage(stage.manifest));
  }
  std::stable_sort(result.rejects.begin(), result.rejects.end(),
                   [](const auto& a, const auto& b) { return a.rows > b.rows; });
  std::stable_sort(result.nulled.begin(), result.nulled.end(),
                   [](const auto& a, const auto& b) { return a.values > b.values; });
  for (size_t i = 0; i < releases.size(); ++i) {
    result.exports.push_back(SummariseExport(config.exports[i], releases[i]));
  }
  if (report.model) {
    result.model = report.model->model;
    for (const stage::Evidence& e : report.model->evidence.findings) {
      result.requirements.push_back({e.id, e.statement, e.measured, e.threshold, e.met});
    }
  }
  return result;
}

}  // namespace millrace::pipeline
