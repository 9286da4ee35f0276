// Of the card: whether the release is fit, and for each requirement why.
#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.h"
#include "pipeline/report/html_sections.h"
#include "pipeline/report/html_writer.h"

namespace millrace::pipeline {
namespace {

std::string Tile(const std::string& label, const std::string& value, const std::string& css) {
  return Element("div", Element("b", value) + Element("span", label), "tile " + css);
}

constexpr size_t kUnmetNamed = 8;

std::string OwnerText(const ReportModel& model) {
  return Code(CutText(model.model, 200)) +
         (model.owner.empty() ? "" : " (" + Escaped(model.owner) + ")");
}

std::string VerdictBox(const std::string& css, const std::string& title, const std::string& rest) {
  return Element("div", Element("p", title) + rest, "verdict " + css) + "\n";
}

std::string BudgetVerdict(const ReportBudget& budget) {
  return VerdictBox("unfit", "<b>Ended: too many rows were rejected.</b>",
                    Element("p", "Source " + Code(budget.spent.source) +
                                     " has more rejects than its limits allow. Nothing was "
                                     "published."));
}

std::string ModelVerdict(const ReportModel& model) {
  const auto all = static_cast<int64_t>(model.evidence.findings.size());
  if (model.evidence.met()) {
    return VerdictBox("fit", "<b>Fit</b> for " + OwnerText(model),
                      Element("p", "It meets all of " + FormatCounted(all, "requirement") + "."));
  }
  std::string list;
  int64_t unmet = 0;
  for (const stage::Evidence& finding : model.evidence.findings) {
    if (finding.met) continue;
    if (++unmet > static_cast<int64_t>(kUnmetNamed)) continue;
    list += Element("li", Code(finding.id) + " " + Escaped(finding.statement) + " " +
                              Element("span",
                                      "Measured: " + Escaped(finding.measured) +
                                          "; asked for: " + Escaped(finding.threshold) + ".",
                                      "soft"));
  }
  if (unmet > static_cast<int64_t>(kUnmetNamed)) {
    list += Element(
        "li", "and " + FormatCount(unmet - static_cast<int64_t>(kUnmetNamed)) + " more below");
  }
  std::string rest = Element("p", FormatCount(unmet) + " of " + FormatCounted(all, "requirement") +
                                      (unmet == 1 ? " is" : " are") + " not met:") +
                     Element("ul", list);
  if (model.ended_the_run) rest += Element("p", "The run was ended: nothing was published.");
  return VerdictBox("unfit", "<b>Not fit</b> for " + OwnerText(model), rest);
}

std::string BudgetTiles(const stage::SpentBudget& spent) {
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
  return tiles;
}

std::string RowTiles(const stage::RowEquation& rows) {
  std::string tiles =
      Tile("rows read", FormatCount(rows.read), "") +
      Tile("written", FormatCount(rows.written), rows.written > 0 ? "good" : "bad") +
      Tile("rejected, " + FormatShare(rows.rejected, rows.read), FormatCount(rows.rejected),
           rows.rejected > 0 ? "bad" : "");
  const int64_t left = rows.not_drawn + rows.expanded;
  if (left > 0) tiles += Tile("not drawn or expanded", FormatCount(left), "");
  return tiles;
}

// With stages it is the last of them that says what is left of the rows that were read.
std::string StageTiles(const Report& report) {
  const int64_t read = report.Rows().read;
  const int64_t left = report.stages.back().manifest.rows.written;
  return Tile("rows read", FormatCount(read), "") +
         Tile("left by stage " + report.stages.back().manifest.stage, FormatCount(left),
              left > 0 ? "good" : "bad") +
         Tile("of the rows read", FormatShare(left, read), "");
}

// A share of the rows as a bar.
std::string ShareBar(int64_t part, int64_t whole) {
  const double width =
      whole == 0 ? 0 : 1000.0 * static_cast<double>(part) / static_cast<double>(whole);
  return fmt::format(
      "<svg class=\"share\" viewBox=\"0 0 1000 8\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\"><rect width=\"{:.2f}\" height=\"8\"/></svg>",
      width);
}

constexpr size_t kValuesMax = 20;

void AddValue(HtmlTable& table, const std::string& name, int64_t rows, int64_t all) {
  table.Add({name, FormatCount(rows), FormatShare(rows, all) + ShareBar(rows, all)});
}

std::string CompositionTable(const stage::Composition& c, const std::string& of) {
  HtmlTable table("rows by " + c.column + of, {Code(CutText(c.column, 200)), "rows", "share"},
                  {false, true, false});
  int64_t others = 0;
  for (size_t i = 0; i < c.values.size(); ++i) {
    if (i < kValuesMax) {
      AddValue(table, Code(c.values[i].first), c.values[i].second, c.rows);
    } else {
      others += c.values[i].second;
    }
  }
  if (others > 0) {
    AddValue(table,
             FormatCounted(static_cast<int64_t>(c.values.size() - kValuesMax), "other value"),
             others, c.rows);
  }
  if (c.nulls > 0) AddValue(table, "no value", c.nulls, c.rows);
  if (c.sensitive) table.AddNote("The column is sensitive: its values are not shown.");
  if (c.too_many) table.AddNote("The column has too many values to list.");
  return table.Html();
}

}  // namespace

std::string VerdictSection(const Report& report) {
  std::string html = Element("h1", Escaped(report.pipeline)) + "\n";
  if (!report.run_id.empty()) html += Soft("run " + Code(report.run_id.substr(0, 12)));
  if (report.budget) {
    html += BudgetVerdict(*report.budget);
  } else if (report.model) {
    html += ModelVerdict(*report.model);
  } else {
    html += VerdictBox("", "Not judged",
                       Element("p",
                               "No model's contract is named, so nothing here says what the "
                               "rows must be for the model that is trained on them."));
  }
  return html +
         Element("div",
                 report.budget
                     ? BudgetTiles(report.budget->spent)
                     : (report.stages.empty() ? RowTiles(report.Rows()) : StageTiles(report)),
                 "tiles") +
         "\n";
}

std::string EvidenceSection(const ReportModel& model) {
  HtmlTable rows("evidence for each requirement",
                 {"id", "requirement", "measured", "asked for", "verdict"},
                 {false, false, false, false, false});
  for (const stage::Evidence& finding : model.evidence.findings) {
    std::string measured = Escaped(finding.measured);
    std::string kinds;
    for (const auto& [kind, count] : finding.rows_by_kind) {
      kinds += (kinds.empty() ? "" : ", ") + kind + " " + FormatCount(count);
    }
    if (!kinds.empty()) measured += "<br><span class=\"soft\">" + Escaped(kinds) + "</span>";
    for (const std::string& id : finding.row_ids) {
      measured += "<br>" + Element("span", Escaped(CutText(id, 300)), "m hash");
    }
    const std::string table =
        finding.table.empty() ? ""
                              : " <span class=\"soft\">in " + Escaped(finding.table) + "</span>";
    rows.Add({Code(finding.id),
              Element("div",
                      Escaped(finding.statement) + "<br><span class=\"soft\">" +
                          Escaped(CutText(finding.check, 600)) + "</span>" + table,
                      "w"),
              Element("div", measured, "w"), Escaped(finding.threshold),
              finding.met ? "<b class=\"good\">met</b>" : "<b class=\"bad\">not met</b>"});
  }
  return Heading("Evidence") +
         Soft("What " + OwnerText(model) +
              " asks for, and what all rows show. Of rows that break "
              "a requirement the first three are named.") +
         rows.Html();
}

std::string CompositionSection(const Report& report) {
  std::string html;
  for (const ReportTable& table : report.tables) {
    const stage::Manifest& m = table.manifest;
    const std::string of = m.table.empty() ? "" : " of " + m.table;
    HtmlTable sources("rows written by source" + of, {"source", "rows", "share"},
                      {false, true, false});
    size_t shown = 0;
    for (const std::string& source : report.sources) {
      const auto found = m.rows_by_source.find(source);
      if (found == m.rows_by_source.end() || ++shown > 10 * kValuesMax) continue;
      AddValue(sources, Escaped(source), found->second.written, m.rows.written);
    }
    if (shown > 10 * kValuesMax) sources.AddNote("and more in report.json");
    html += Heading("Composition" + of) + sources.Html();
    if (!report.model) continue;
    for (const stage::Composition& c : report.model->evidence.compositions) {
      if (c.table == m.table) html += CompositionTable(c, of);
    }
  }
  return html;
}

}  // namespace millrace::pipeline
