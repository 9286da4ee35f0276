#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.h"
#include "pipeline/report/html_writer.h"
#include "pipeline/report/report.h"

namespace millrace::pipeline {
namespace {

// Calm, readable on a phone, printable; follows the reader's dark mode. No script, no network.
constexpr const char* kStyle = R"css(
:root{--ink:#1c2733;--soft:#64748b;--line:#e2e8f0;--paper:#fff;--band:#f6f8fa;--good:#2f855a;
--bad:#c05621;color-scheme:light}
@media(prefers-color-scheme:dark){:root{--ink:#e2e8f0;--soft:#94a3b8;--line:#334155;
--paper:#0f172a;--band:#1b2638;--good:#48bb78;--bad:#ed8936;color-scheme:dark}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:2rem 1.2rem 4rem;background:var(--paper);
color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.7rem;margin:0;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.6rem 0 .6rem;padding-top:.9rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.4rem 0 .3rem}
p{margin:.4rem 0}.soft{color:var(--soft)}
code,.m{font:.86em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.tiles{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.4rem 0 1rem}
.tile{flex:1 1 8rem;padding:.7rem 1rem;background:var(--band);border-radius:.6rem}
.tile b{display:block;font-size:1.55rem;font-weight:600;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:.88rem}
.good b{color:var(--good)}.bad b{color:var(--bad)}
svg{display:block;width:100%;height:14px;border-radius:7px;margin:.3rem 0 .8rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{text-align:left;font-weight:600;color:var(--soft);font-size:.82rem;white-space:nowrap}
th,td{padding:.34rem .9rem .34rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td{overflow-wrap:break-word}td code,td .m{display:inline-block;min-width:7rem}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.sum td{font-weight:600}
details{margin:.2rem 0 .7rem}summary{cursor:pointer;padding:.25rem 0}
summary b{font-variant-numeric:tabular-nums}
.sample{margin:.4rem 0 .8rem 1rem;padding:.5rem .8rem;background:var(--band);border-radius:.5rem;
font-size:.9rem}
pre{margin:.3rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere;
font:.82rem/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.c{font-style:normal;font-size:.75em;color:var(--bad);border:1px solid;border-radius:.2em;padding:0 .15em}
.hash{font-size:.78em;color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;margin:.4rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
@media(max-width:34rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
@media print{body{padding:0;max-width:none;font-size:11px}.scroll{overflow:visible}
h2{break-after:avoid}tr,.sample,.tile{break-inside:avoid}details>*{display:block}}
)css";

std::string Code(const std::string& text) { return Element("code", Escaped(text)); }
std::string Hash(const std::string& sha256) {
  return "<span class=\"m hash\">" + Escaped(sha256) + "</span>";
}

// The funnel as one bar: what was written, then each reason by its share.
std::string Bar(int64_t written, const std::vector<int64_t>& parts) {
  int64_t whole = written;
  for (const int64_t part : parts) whole += part;
  if (whole == 0) return "";
  std::string svg =
      "<svg viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" +
      FormatShare(written, whole) + " of the rows were written\">";
  double at = 0;
  const auto piece = [&](int64_t rows, const std::string& style) {
    const double width = 1000.0 * static_cast<double>(rows) / static_cast<double>(whole);
    svg += fmt::format("<rect x=\"{:.2f}\" width=\"{:.2f}\" height=\"14\" style=\"{}\"/>", at,
                       width, style);
    at += width;
  };
  piece(written, "fill:var(--good)");
  for (size_t i = 0; i < parts.size(); ++i) {
    piece(parts[i], fmt::format("fill:var(--bad);opacity:{:.2f}", i % 2 == 0 ? 0.95 : 0.65));
  }
  return svg + "</svg>\n";
}

std::string Tile(const std::string& label, const std::string& value, const std::string& css) {
  return Element("div", Element("b", value) + Element("span", label), "tile " + css);
}

// What a person wants to know first of a run that was ended: by what, and by how much.
std::string BudgetHead(const Report& report) {
  const stage::SpentBudget& spent = report.budget->spent;
  const bool count = spent.limit == "max_rejects";
  const std::string allowed = count ? FormatCount(static_cast<int64_t>(spent.allowed))
                                    : fmt::format("{:.6g} %", spent.allowed * 100);
  std::string tiles = Tile("allowed by " + Code(spent.limit), allowed, "") +
                      Tile(spent.read < 0 ? "rejected when the run was stopped" : "rejected",
                           FormatCount(spent.rejected), "bad");
  if (spent.read >= 0) {
    tiles += Tile("rows read", FormatCount(spent.read), "") +
             Tile("share", FormatShare(spent.rejected, spent.read), "bad");
  }
  return Element("h1", Escaped(report.pipeline)) + "\n" +
         Element("p", "The run was ended: source " + Code(spent.source) +
                          " has more rejects than its limits allow. Nothing was published.") +
         "\n" + Element("div", tiles, "tiles") + "\n";
}

std::string Head(const Report& report) {
  if (report.budget) return BudgetHead(report);
  const stage::RowEquation rows = report.Rows();
  std::string html = Element("h1", Escaped(report.pipeline)) + "\n" +
                     Element("p", "run " + Code(report.run_id.substr(0, 12)), "soft") + "\n";
  std::string tiles = Tile("rows read", FormatCount(rows.read), "") +
                      Tile("written", FormatCount(rows.written), "good") +
                      Tile("rejected, " + FormatShare(rows.rejected, rows.read),
                           FormatCount(rows.rejected), rows.rejected > 0 ? "bad" : "");
  const int64_t left = rows.not_drawn + rows.expanded;
  if (left > 0) tiles += Tile("not drawn or expanded", FormatCount(left), "");
  return html + Element("div", tiles, "tiles") + "\n";
}

// `other` shows rows that were neither written nor rejected; most runs have none.
void AddFunnelRow(HtmlTable& table, const std::string& name, const stage::RowEquation& rows,
                  bool other, const std::string& css) {
  std::vector<std::string> cells = {name, FormatCount(rows.read + rows.derived + rows.repeated),
                                    FormatCount(rows.written), FormatCount(rows.rejected)};
  if (other) cells.push_back(FormatCount(rows.expanded + rows.not_drawn));
  cells.push_back(FormatShare(rows.rejected, rows.read));
  table.Add(std::move(cells), css);
}

std::string Funnel(const Report& report, const ReportTable& table) {
  const stage::RowEquation& all = table.manifest.rows;
  std::vector<int64_t> parts;
  for (const ReportReject& reject : table.rejects) parts.push_back(reject.count.rows);
  const bool other = all.expanded + all.not_drawn > 0;
  std::vector<std::string> titles = {"source", "read", "written", "rejected"};
  if (other) titles.push_back("other");
  titles.push_back("share");
  std::vector<bool> numbers(titles.size(), true);
  numbers[0] = false;
  HtmlTable rows(titles, numbers);
  for (const std::string& source : report.sources) {
    const auto found = table.manifest.rows_by_source.find(source);
    if (found != table.manifest.rows_by_source.end()) {
      AddFunnelRow(rows, Escaped(source), found->second, other, "");
    }
  }
  AddFunnelRow(rows, "all", all, other, "sum");
  const std::string equation =
      std::string("Every row is accounted for: read = written + rejected") +
      (other ? " + other." : ".");
  return Bar(all.written, parts) + rows.Html() +
         Element("p", all.holds() ? equation : "ROWS ARE NOT ACCOUNTED FOR.", "soft") + "\n";
}

std::string Sample(const RejectSample& sample) {
  std::string html = Code(sample.row_id);
  if (sample.byte_offset >= 0) {
    html += " <span class=\"soft\">byte " + FormatCount(sample.byte_offset) + "</span>";
  }
  html += "<br>" + Escaped(sample.message);
  if (!sample.value.empty()) html += "<br><span class=\"soft\">value</span> " + Code(sample.value);
  if (!sample.threshold.empty()) {
    html += "<br><span class=\"soft\">threshold</span> " + Code(sample.threshold);
  }
  if (!sample.raw.empty()) html += Element("pre", Escaped(sample.raw));
  return Element("div", html, "sample") + "\n";
}

std::string Rejects(const std::vector<ReportReject>& rejects) {
  if (rejects.empty()) return Element("p", "None.", "soft") + "\n";
  std::string html;
  for (const ReportReject& reject : rejects) {
    const stage::RejectCount& c = reject.count;
    std::string summary = "<b>" + FormatCount(c.rows) + "</b> &times; " + Code(c.rule);
    if (!c.column.empty()) summary += " in column " + Code(c.column);
    summary += " <span class=\"soft\">" + Escaped(c.source) + "</span>";
    std::string samples;
    for (const RejectSample& sample : reject.samples) samples += Sample(sample);
    if (samples.empty()) samples = Element("p", "The samples are in the reject files.", "soft");
    html += Element("details", Element("summary", summary) + samples) + "\n";
  }
  return html;
}

// Values that set_null took out: their rows stayed.
std::string Nulled(const ReportTable& table) {
  HtmlTable nulled({"values", "rule", "column", "source"}, {true, false, false, false});
  for (const stage::NulledCount& c : table.manifest.nulled)
    nulled.Add({FormatCount(c.values), Code(c.rule), Code(c.column), Escaped(c.source)});
  return nulled.Html();
}

std::string Columns(const ReportTable& table) {
  HtmlTable columns({"column", "type", "nulls", "distinct", "smallest", "largest", "length"},
                    {false, false, true, true, false, false, true});
  for (const stage::ColumnProfile& c : table.manifest.profiles) {
    std::string length;
    if (c.length_max > 0) {
      length = FormatCount(c.length_min) + "–" + FormatCount(c.length_max);
    }
    const std::string hidden = "<span class=\"soft\">sensitive</span>";
    columns.Add({Code(c.name), Escaped(c.type), FormatShare(c.nulls, c.rows),
                 "≈ " + FormatCount(c.distinct_estimate),
                 c.sensitive ? hidden : Code(CutText(c.min, 80)),
                 c.sensitive ? hidden : Code(CutText(c.max, 80)), c.sensitive ? "" : length});
  }
  return columns.Html();
}

std::string Files(const std::vector<io::DataFile>& files) {
  HtmlTable table({"file", "rows", "size", "SHA-256"}, {false, true, true, false});
  for (const io::DataFile& file : files) {
    table.Add(
        {Code(file.path), FormatCount(file.rows), FormatByteSize(file.bytes), Hash(file.sha256)});
  }
  return table.Html();
}

std::string Folded(const std::string& title, const std::string& content) {
  return Element("details", Element("summary", title) + content) + "\n";
}

std::string Inputs(const ReportTable& table) {
  HtmlTable inputs({"source", "file", "size", "SHA-256"}, {false, false, true, false});
  int64_t bytes = 0;
  for (const stage::InputFile& input : table.manifest.inputs) {
    inputs.Add(
        {Escaped(input.source), Code(input.path), FormatByteSize(input.bytes), Hash(input.sha256)});
    bytes += input.bytes;
  }
  return Folded(FormatCounted(static_cast<int64_t>(table.manifest.inputs.size()), "input file") +
                    ", " + FormatByteSize(bytes),
                inputs.Html());
}

// Rows of the table that the export could not use.
std::string NotExported(const ReportExport& e) {
  if (e.rejects.empty()) return "";
  HtmlTable table({"rows", "rule", "part"}, {true, false, false});
  int64_t rows = 0;
  for (const exporting::ExportRejects& reason : e.rejects) {
    rows += reason.rows;
    table.Add({FormatCount(reason.rows), Code(reason.rule), Escaped(reason.part)});
  }
  return Folded(FormatCounted(rows, "row") + " not exported, listed in _rejects.jsonl",
                table.Html());
}

std::string Exports(const Report& report) {
  if (report.exports.empty()) return "";
  std::string html = Element("h2", "Exports") + "\n";
  for (const ReportExport& e : report.exports) {
    int64_t bytes = 0;
    for (const io::DataFile& file : e.files) bytes += file.bytes;
    html +=
        Element("h3", Escaped(e.name) + " <span class=\"soft\">" + Escaped(e.type) + "</span>") +
        Element("p", Code(e.path + "/" + e.release_id)) +
        Folded(FormatCounted(e.rows, "row") + " in " +
                   FormatCounted(static_cast<int64_t>(e.files.size()), "file") + ", " +
                   FormatByteSize(bytes),
               Files(e.files)) +
        NotExported(e);
  }
  return html;
}

std::string DriftTable(const Report& report) {
  if (report.drift.empty()) return "";
  HtmlTable rows({"source", "file", "against", "what"}, {false, false, false, false});
  for (const contract::Drift& drift : report.drift) {
    rows.Add({Escaped(drift.source), Code(drift.file), Code(drift.against),
              Escaped(contract::DriftText(drift))});
  }
  return Element("h2", "Drift between files") + "\n" + rows.Html();
}

std::string Identity(const Report& report) {
  const auto row = [](const std::string& name, const std::string& value) {
    return Element("dt", name) + Element("dd", Code(value)) + "\n";
  };
  std::string rows = (report.run_id.empty() ? "" : row("run", report.run_id)) +
                     row("plan", report.plan_id) + row("config hash", report.config_hash) +
                     row("code", report.code_version) + row("engine", report.engine_version) +
                     row("seed", std::to_string(report.seed));
  for (const ReportTable& table : report.tables) {
    const std::string of =
        table.manifest.table.empty() ? "" : " of " + Escaped(table.manifest.table);
    rows += row("stage" + of, table.manifest.stage_key) + row("manifest" + of, table.manifest_key);
  }
  return Element("h2", "Identity") + "\n" + Element("dl", rows) + "\n";
}

std::string Table(const Report& report, const ReportTable& table) {
  const std::string of = table.manifest.table.empty() ? "" : " of " + Escaped(table.manifest.table);
  std::string html = Element("h2", "Rows" + of) + "\n" + Funnel(report, table);
  if (table.inferred) {
    html += Element("p", "The contract was inferred; the proposal is in the workspace as " +
                             Code(table.proposal_key) + ".") +
            "\n";
  }
  html += Element("h2", "Rejected" + of) + "\n" + Rejects(table.rejects);
  if (!table.manifest.nulled.empty())
    html += Element("h2", "Set to null" + of) + "\n" + Nulled(table);
  html += Element("h2", "Columns" + of) + "\n" + Columns(table);
  html += Element("h2", "Files" + of) + "\n" + Inputs(table);
  const auto& outputs = table.manifest.outputs;
  const auto& rejects = table.manifest.reject_files;
  html +=
      Folded(FormatCounted(static_cast<int64_t>(outputs.size()), "committed file"), Files(outputs));
  if (!rejects.empty())
    html +=
        Folded(FormatCounted(static_cast<int64_t>(rejects.size()), "reject file"), Files(rejects));
  return html;
}

}  // namespace

std::string ReportToHtml(const Report& report) {
  std::string body = Head(report);
  if (report.budget) {
    const auto& files = report.budget->spent.reject_files;
    body += Element("h2", "Rejected") + "\n" + Rejects(report.budget->rejects) +
            Folded(FormatCounted(static_cast<int64_t>(files.size()), "reject file"), Files(files));
  }
  for (const ReportTable& table : report.tables) body += Table(report, table);
  body += DriftTable(report) + Exports(report) + Identity(report);
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
         "style-src 'unsafe-inline'\">\n<title>" +
         Escaped(report.pipeline) + " · " + Escaped(report.run_id.substr(0, 12)) +
         "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n" + body + "</body>\n</html>\n";
}

}  // namespace millrace::pipeline
