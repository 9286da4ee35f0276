// Of the card: what it was made from and into, and how it differs from what was there before.
#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.h"
#include "pipeline/report/html_sections.h"
#include "pipeline/report/html_writer.h"
#include "stage/reference.h"

namespace millrace::pipeline {
namespace {

constexpr size_t kFilesMax = 200;
constexpr size_t kDriftMax = 100;
constexpr size_t kPathBytesMax = 400;

std::string Hash(const std::string& sha256) { return Element("span", Escaped(sha256), "m hash"); }

std::string Folded(const std::string& title, const std::string& content) {
  return Element("details", Element("summary", title) + content) + "\n";
}

std::string Inputs(const ReportTable& table, const std::string& of) {
  HtmlTable inputs("input files" + of, {"source", "file", "size", "SHA-256"},
                   {false, false, true, false});
  int64_t bytes = 0;
  size_t count = 0;
  for (const stage::InputFile& input : table.manifest.inputs) {
    bytes += input.bytes;
    if (++count > kFilesMax) continue;
    inputs.Add({Escaped(input.source), Code(CutText(input.path, kPathBytesMax)),
                FormatByteSize(input.bytes), Hash(input.sha256)});
  }
  if (count > kFilesMax) {
    inputs.AddNote("and " + FormatCount(static_cast<int64_t>(count - kFilesMax)) +
                   " more in report.json");
  }
  return Folded(
      FormatCounted(static_cast<int64_t>(count), "input file") + ", " + FormatByteSize(bytes),
      inputs.Html());
}

// Rows of the table that the export could not use.
std::string NotExported(const ReportExport& e) {
  if (e.rejects.empty()) return "";
  HtmlTable table("rows not exported to " + e.name, {"rows", "rule", "part"}, {true, false, false});
  int64_t rows = 0;
  for (const exporting::ExportRejects& reason : e.rejects) {
    rows += reason.rows;
    table.Add({FormatCount(reason.rows), Code(reason.rule), Escaped(reason.part)});
  }
  return Folded(FormatCounted(rows, "row") + " not exported, listed in _rejects.jsonl",
                table.Html());
}

std::string ChangesTable(const ReportExport& e) {
  HtmlTable table("changes of " + e.name, {"what", "before", "now"}, {false, true, true});
  for (const Change& change : e.previous->changes) {
    table.Add({Escaped(CutText(ChangeText(change), 300)),
               Escaped(CutText(SideText(change, change.before), 80)),
               Escaped(CutText(SideText(change, change.after), 80))});
  }
  if (e.previous->more_changes > 0) {
    table.AddNote("and " + FormatCount(static_cast<int64_t>(e.previous->more_changes)) +
                  " more: `millrace diff` tells");
  }
  return table.Html();
}

}  // namespace

std::string Code(const std::string& text) { return Element("code", Escaped(text)); }
std::string Heading(const std::string& text) { return Element("h2", Escaped(text)) + "\n"; }
std::string Soft(const std::string& html) { return Element("p", html, "soft") + "\n"; }

std::string DataFilesTable(const std::string& label, const std::vector<io::DataFile>& files) {
  HtmlTable table(label, {"file", "rows", "size", "SHA-256"}, {false, true, true, false});
  for (size_t i = 0; i < files.size() && i < kFilesMax; ++i) {
    const io::DataFile& file = files[i];
    table.Add({Code(CutText(file.path, kPathBytesMax)), FormatCount(file.rows),
               FormatByteSize(file.bytes), Hash(file.sha256)});
  }
  if (files.size() > kFilesMax) {
    table.AddNote("and " + FormatCount(static_cast<int64_t>(files.size() - kFilesMax)) +
                  " more in report.json");
  }
  return table.Html();
}

std::string FilesSection(const ReportTable& table, const std::string& of) {
  std::string html = Heading("Inputs and committed files" + of) + Inputs(table, of);
  for (const auto& [source, id] : table.manifest.snapshots) {
    html += Element("p", "Snapshot of " + Escaped(source) + ": " + Code(id)) + "\n";
  }
  const auto& outputs = table.manifest.outputs;
  const auto& rejects = table.manifest.reject_files;
  html += Folded(FormatCounted(static_cast<int64_t>(outputs.size()), "committed file"),
                 DataFilesTable("committed files" + of, outputs));
  if (stage::HoldReferences(outputs)) {
    html += Soft("Those that end in .rows.json say where rows are: they stayed in their inputs.");
  }
  if (!rejects.empty()) {
    html += Folded(FormatCounted(static_cast<int64_t>(rejects.size()), "reject file"),
                   DataFilesTable("reject files" + of, rejects));
  }
  return html;
}

std::string DriftSection(const Report& report) {
  std::string html = Heading("Drift between files");
  if (report.drift.empty()) return html + Soft("None: the files of each source look alike.");
  HtmlTable rows("drift between files", {"source", "file", "against", "what"},
                 {false, false, false, false});
  for (size_t i = 0; i < report.drift.size() && i < kDriftMax; ++i) {
    const contract::Drift& drift = report.drift[i];
    rows.Add({Escaped(drift.source), Code(CutText(drift.file, kPathBytesMax)),
              Code(CutText(drift.against, kPathBytesMax)),
              Escaped(CutText(contract::DriftText(drift), 600))});
  }
  if (report.drift.size() > kDriftMax) {
    rows.AddNote("and " + std::to_string(report.drift.size() - kDriftMax) + " more in report.json");
  }
  return html + rows.Html();
}

std::string DeltaSection(const Report& report) {
  if (report.exports.empty()) return "";
  std::string html = Heading("Since the release before");
  for (const ReportExport& e : report.exports) {
    if (report.exports.size() > 1) html += Element("h3", Escaped(e.name)) + "\n";
    if (!e.previous) {
      html += Soft("There was none: this is the first.");
      continue;
    }
    html += Soft("Compared with " + Code(e.previous->release_id) + ".");
    if (!e.previous->has_card) {
      html += Soft("That release has no card, so nothing can be compared.");
    } else if (e.previous->changes.empty()) {
      html += Soft("Nothing changed.");
    } else {
      html += ChangesTable(e);
    }
  }
  return html;
}

std::string ExportsSection(const Report& report) {
  if (report.exports.empty()) return "";
  std::string html = Heading("Releases");
  for (const ReportExport& e : report.exports) {
    int64_t bytes = 0;
    for (const io::DataFile& file : e.files) bytes += file.bytes;
    html +=
        Element("h3", Escaped(e.name) + " <span class=\"soft\">" + Escaped(e.type) + "</span>") +
        Element("p", Code(e.path + "/" + e.release_id)) +
        Folded(FormatCounted(e.rows, "row") + " in " +
                   FormatCounted(static_cast<int64_t>(e.files.size()), "file") + ", " +
                   FormatByteSize(bytes),
               DataFilesTable("files of " + e.name, e.files)) +
        NotExported(e);
  }
  return html;
}

std::string IdentitySection(const Report& report) {
  const auto row = [](const std::string& name, const std::string& value) {
    return Element("dt", name) + Element("dd", Code(value)) + "\n";
  };
  std::string rows = (report.run_id.empty() ? "" : row("run", report.run_id)) +
                     row("plan", report.plan_id) + row("config hash", report.config_hash);
  if (report.model) rows += row("model's contract", report.model->sha256);
  rows += row("code", report.code_version) + row("engine", report.engine_version) +
          row("seed", std::to_string(report.seed));
  for (const ReportTable& table : report.tables) {
    const std::string of =
        table.manifest.table.empty() ? "" : " of " + Escaped(table.manifest.table);
    rows += row("contract version" + of, std::to_string(table.manifest.contract_version)) +
            row("stage" + of, table.manifest.stage_key) + row("manifest" + of, table.manifest_key);
  }
  return Heading("Identity") + Element("dl", rows) + "\n";
}

}  // namespace millrace::pipeline
