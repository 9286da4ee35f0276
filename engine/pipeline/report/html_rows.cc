// Of the card: what became of the rows, and what of it was rejected and why.
#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.h"
#include "pipeline/report/html_sections.h"
#include "pipeline/report/html_writer.h"

namespace millrace::pipeline {
namespace {

constexpr size_t kSourcesMax = 200;
constexpr size_t kReasonsMax = 100;
constexpr size_t kTextBytesMax = 300;

// The rows of each reason, and of all that are too many to be shown together.
std::vector<int64_t> PartsOf(const std::vector<ReportReject>& rejects) {
  std::vector<int64_t> parts;
  int64_t others = 0;
  for (const ReportReject& reject : rejects) {
    if (parts.size() < kReasonsMax) {
      parts.push_back(reject.count.rows);
    } else {
      others += reject.count.rows;
    }
  }
  if (others > 0) parts.push_back(others);
  return parts;
}

// The funnel as one bar: what was written, then each reason by its share.
std::string Bar(int64_t written, const std::vector<int64_t>& parts) {
  int64_t whole = written;
  for (const int64_t part : parts) whole += part;
  if (whole == 0) return "";
  std::string svg =
      "<svg class=\"flow\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"" +
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

// `other` shows rows that were neither written nor rejected; most runs have none.
void AddFunnelRow(HtmlTable& table, const std::string& name, const stage::RowEquation& rows,
                  bool other, const std::string& css) {
  std::vector<std::string> cells = {name, FormatCount(rows.read + rows.derived + rows.repeated),
                                    FormatCount(rows.written), FormatCount(rows.rejected)};
  if (other) cells.push_back(FormatCount(rows.expanded + rows.not_drawn));
  cells.push_back(FormatShare(rows.rejected, rows.read));
  table.Add(std::move(cells), css);
}

std::string Sample(const RejectSample& sample) {
  std::string html = Code(CutText(sample.row_id, kTextBytesMax));
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

}  // namespace

std::string FunnelSection(const Report& report, const ReportTable& table, const std::string& of) {
  const stage::RowEquation& all = table.manifest.rows;
  const bool other = all.expanded + all.not_drawn > 0;
  std::vector<std::string> titles = {"source", "read", "written", "rejected"};
  if (other) titles.push_back("other");
  titles.push_back("share rejected");
  std::vector<bool> numbers(titles.size(), true);
  numbers[0] = false;
  HtmlTable rows("rows by source" + of, titles, numbers);
  size_t shown = 0, sources = 0;
  for (const std::string& source : report.sources) {
    const auto found = table.manifest.rows_by_source.find(source);
    if (found == table.manifest.rows_by_source.end()) continue;
    if (++sources > kSourcesMax) continue;
    ++shown;
    AddFunnelRow(rows, Escaped(source), found->second, other, "");
  }
  if (sources > shown) rows.AddNote("and " + std::to_string(sources - shown) + " more sources");
  AddFunnelRow(rows, "all", all, other, "sum");
  const std::string equation =
      std::string("Every row is accounted for: read = written + rejected") +
      (other ? " + other." : ".");
  std::string html = Heading("Rows" + of) + Bar(all.written, PartsOf(table.rejects)) + rows.Html() +
                     Soft(all.holds() ? equation : "ROWS ARE NOT ACCOUNTED FOR.");
  if (table.inferred) {
    html += Element("p", "The contract was inferred; the proposal is in the workspace as " +
                             Code(table.proposal_key) + ".") +
            "\n";
  }
  return html;
}

std::string StageSection(const ReportTable& stage) {
  const stage::RowEquation& all = stage.manifest.rows;
  const std::string of = " of stage " + stage.manifest.stage;
  HtmlTable table("operators" + of,
                  {"operator", "type", "rows in", "dropped", "tagged", "changed", "made"},
                  {false, false, true, true, true, true, true});
  for (const stage::InstanceCount& i : stage.manifest.instances) {
    table.Add({Code(i.id), Escaped(i.type), FormatCount(i.reached), FormatCount(i.dropped),
               FormatCount(i.tagged), FormatCount(i.refined), FormatCount(i.derived)});
  }
  std::string equation = FormatCounted(all.read, "row") + " read";
  const auto term = [&](int64_t rows, const char* sign, const char* name) {
    if (rows > 0) equation += std::string(sign) + FormatCount(rows) + ' ' + name;
  };
  term(all.derived, " + ", "made");
  term(all.repeated, " + ", "repeated");
  equation += " = " + FormatCount(all.written) + " written";
  term(all.rejected, " + ", "rejected");
  term(all.expanded, " + ", "replaced by what was made of them");
  term(all.not_drawn, " + ", "not drawn");
  return Heading("Rows" + of) + Bar(all.written, PartsOf(stage.rejects)) + table.Html() +
         SharesSection(stage.manifest, of) +
         Soft(all.holds() ? equation + "." : "ROWS ARE NOT ACCOUNTED FOR.");
}

std::string RejectedSection(const std::vector<ReportReject>& rejects, const std::string& of) {
  std::string html = Heading("Rejected" + of);
  if (rejects.empty()) return html + Soft("None.");
  for (size_t i = 0; i < rejects.size() && i < kReasonsMax; ++i) {
    const stage::RejectCount& c = rejects[i].count;
    const bool named = c.instance.empty() || c.rule.rfind(c.instance + ".", 0) == 0;
    std::string summary = "<b>" + FormatCount(c.rows) + "</b> &times; " +
                          (named ? "" : Code(c.instance) + ' ') + Code(c.rule);
    if (!c.column.empty()) summary += " in column " + Code(CutText(c.column, kTextBytesMax));
    summary += " <span class=\"soft\">" + Escaped(c.source) + "</span>";
    std::string samples;
    for (const RejectSample& sample : rejects[i].samples) samples += Sample(sample);
    if (samples.empty()) samples = Soft("The samples are in the reject files.");
    html += Element("details", Element("summary", summary) + samples) + "\n";
  }
  if (rejects.size() > kReasonsMax) {
    int64_t rows = 0;
    for (size_t i = kReasonsMax; i < rejects.size(); ++i) rows += rejects[i].count.rows;
    html += Soft("And " + FormatCount(static_cast<int64_t>(rejects.size() - kReasonsMax)) +
                 " more reasons with " + FormatCounted(rows, "row") + ": report.json has them.");
  }
  return html;
}

// Values that set_null took out: their rows stayed.
std::string NulledSection(const ReportTable& table, const std::string& of) {
  if (table.manifest.nulled.empty()) return "";
  HtmlTable nulled("values set to null" + of, {"values", "rule", "column", "source"},
                   {true, false, false, false});
  size_t shown = 0;
  for (const stage::NulledCount& c : table.manifest.nulled) {
    if (++shown > kReasonsMax) break;
    nulled.Add({FormatCount(c.values), Code(c.rule), Code(CutText(c.column, kTextBytesMax)),
                Escaped(c.source)});
  }
  if (table.manifest.nulled.size() > kReasonsMax) {
    nulled.AddNote("and " + std::to_string(table.manifest.nulled.size() - kReasonsMax) +
                   " more in report.json");
  }
  return Heading("Set to null" + of) + nulled.Html();
}

}  // namespace millrace::pipeline
