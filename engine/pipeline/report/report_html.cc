#include "pipeline/report/card_style.h"
#include "pipeline/report/html_sections.h"
#include "pipeline/report/html_writer.h"
#include "pipeline/report/report.h"
#include "pipeline/report/report_seal.h"

namespace millrace::pipeline {
namespace {

std::string Of(const ReportTable& table) {
  return table.manifest.table.empty() ? "" : " of " + table.manifest.table;
}

// What is decided by comes first, what it rests on after it.
std::string Sections(const Report& report) {
  std::string html = VerdictSection(report);
  for (const ReportTable& table : report.tables) html += FunnelSection(report, table, Of(table));
  for (const ReportTable& stage : report.stages) {
    html += StageSection(stage) + HistogramsSection(stage);
  }
  if (report.model) html += EvidenceSection(*report.model);
  html += DeltaSection(report) + CompositionSection(report);
  if (report.budget) {
    const auto& files = report.budget->spent.reject_files;
    html += RejectedSection(report.budget->rejects, "") +
            Element("details", Element("summary", "the reject files") +
                                   DataFilesTable("reject files", files)) +
            "\n";
  }
  for (const ReportTable& table : report.tables) {
    const std::string of = Of(table);
    html += RejectedSection(table.rejects, of) + NulledSection(table, of) +
            QualitySection(table, of) + ColumnsSection(table, of) + ExamplesSection(table, of);
  }
  for (const ReportTable& stage : report.stages) {
    const std::string of = " of stage " + stage.manifest.stage;
    html += RejectedSection(stage.rejects, of) + QualitySection(stage, of) +
            ColumnsSection(stage, of) + ExamplesSection(stage, of);
  }
  html += DriftSection(report) + ExportsSection(report);
  for (const ReportTable& table : report.tables) html += FilesSection(table, Of(table));
  for (const ReportTable& stage : report.stages) {
    html += FilesSection(stage, " of stage " + stage.manifest.stage);
  }
  return html + IdentitySection(report);
}

}  // namespace

std::string ReportToHtml(const Report& report, const std::string& report_sha256) {
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
         "style-src 'unsafe-inline'\">\n" +
         ReportSeal(report_sha256) + "\n<title>" + EscapedAttribute(report.pipeline) + " · " +
         EscapedAttribute(report.run_id.substr(0, 12)) + "</title>\n<style>" + kCardStyle +
         "</style>\n</head>\n<body>\n<main>\n" + Sections(report) + "</main>\n</body>\n</html>\n";
}

}  // namespace millrace::pipeline
