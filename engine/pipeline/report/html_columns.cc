// Of the card: what the columns of a table look like, and a few of its rows.
#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.h"
#include "pipeline/report/html_sections.h"
#include "pipeline/report/html_writer.h"

namespace millrace::pipeline {
namespace {

constexpr size_t kColumnsMax = 200;
constexpr size_t kValueBytesMax = 80;
constexpr size_t kNameBytesMax = 200;

const stage::ColumnShape* ShapeOf(const ReportTable& table, const std::string& column) {
  for (const stage::ColumnShape& shape : table.sample.shapes) {
    if (shape.name == column) return &shape;
  }
  return nullptr;
}

std::string Bars(const stage::ColumnShape& shape) {
  int64_t most = 1;
  for (const stage::Bar& bar : shape.bars) most = std::max(most, bar.rows);
  const double width = 120.0 / static_cast<double>(shape.bars.size());
  std::string svg;
  for (size_t i = 0; i < shape.bars.size(); ++i) {
    const int64_t rows = shape.bars[i].rows;
    // What is there is seen, however little it is.
    const double height =
        rows == 0 ? 0 : std::max(1.0, 28.0 * static_cast<double>(rows) / static_cast<double>(most));
    svg +=
        fmt::format("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"/>",
                    width * static_cast<double>(i), 28 - height, std::max(1.0, width - 1), height);
  }
  return svg;
}

// "1 to 20, most at 3": what the picture shows, for those who hear it and as its caption.
std::string ShapeText(const stage::ColumnShape& shape) {
  if (shape.kind == stage::ColumnShape::Kind::kValues) {
    std::string text;
    for (size_t i = 0; i < shape.bars.size() && i < 3; ++i) {
      text += (i == 0 ? "" : ", ") + shape.bars[i].label + " " + FormatCount(shape.bars[i].rows);
    }
    return text + (shape.bars.size() > 3 ? ", …" : "");
  }
  const std::string& first = shape.bars.front().label;
  return (shape.kind == stage::ColumnShape::Kind::kLengths ? "length " : "") + first +
         (first == shape.last ? "" : " to " + shape.last);
}

std::string Shape(const ReportTable& table, const std::string& column) {
  const stage::ColumnShape* shape = ShapeOf(table, column);
  if (shape == nullptr || shape->bars.empty()) return "";
  const std::string text = ShapeText(*shape);
  return "<svg class=\"shape\" viewBox=\"0 0 120 28\" preserveAspectRatio=\"none\" role=\"img\" "
         "aria-label=\"" +
         EscapedAttribute(text) + "\">" + Bars(*shape) + "</svg>" +
         Element("span", Escaped(CutText(text, 90)), "soft");
}

std::string Extremes(const stage::ColumnProfile& c) {
  if (c.sensitive) return "<span class=\"soft\">sensitive: not shown</span>";
  if (c.min.empty() && c.max.empty()) return "";
  return Code(CutText(c.min, kValueBytesMax)) + "<br>" + Code(CutText(c.max, kValueBytesMax));
}

}  // namespace

std::string ColumnsSection(const ReportTable& table, const std::string& of) {
  HtmlTable columns(
      "columns" + of,
      {"column", "type", "nulls", "distinct", "length", "smallest, largest", "distribution"},
      {false, false, true, true, true, false, false});
  const auto& profiles = table.manifest.profiles;
  for (size_t i = 0; i < profiles.size() && i < kColumnsMax; ++i) {
    const stage::ColumnProfile& c = profiles[i];
    std::string length;
    if (c.length_max > 0 && !c.sensitive) {
      length = FormatCount(c.length_min) + "–" + FormatCount(c.length_max);
    }
    const std::string distinct =
        c.distinct_estimate > 0 ? "≈ " + FormatCount(c.distinct_estimate) : "";
    columns.Add({Code(CutText(c.name, kNameBytesMax)), Escaped(CutText(c.type, kNameBytesMax)),
                 FormatShare(c.nulls, c.rows), distinct, length, Extremes(c),
                 Shape(table, c.name)});
  }
  if (profiles.size() > kColumnsMax) {
    columns.AddNote("and " + FormatCount(static_cast<int64_t>(profiles.size() - kColumnsMax)) +
                    " more columns in report.json");
  }
  const bool all = table.sample.rows == table.manifest.rows.written;
  return Heading("Columns" + of) +
         Soft("Nulls, distinct values and extremes are of all rows, the distribution of " +
              (all ? std::string("all rows too.")
                   : FormatCount(table.sample.rows) + " rows, evenly spread.")) +
         columns.Html();
}

std::string QualitySection(const ReportTable& table, const std::string& of) {
  const stage::TableSample& sample = table.sample;
  int64_t duplicates = 0;
  for (const stage::RejectCount& c : table.manifest.rejects) {
    if (c.rule == "unique.duplicate") duplicates += c.rows;
  }
  std::string kinds;
  for (const auto& [kind, rows] : sample.pii_by_kind) {
    kinds += (kinds.empty() ? ": " : ", ") + kind + " " + FormatCount(rows);
  }
  const bool all = sample.rows == table.manifest.rows.written;
  const std::string looked = all ? "all " + FormatCounted(sample.rows, "row")
                                 : FormatCount(sample.rows) + " rows, evenly spread";
  HtmlTable rows("duplicates and personal data" + of, {"what", "rows", "share"},
                 {false, true, true});
  rows.Add({"duplicates that were rejected", FormatCount(duplicates),
            FormatShare(duplicates, table.manifest.rows.read)});
  rows.Add({"rows written that repeat another in every column shown here",
            FormatCount(sample.rows_repeated), FormatShare(sample.rows_repeated, sample.rows)});
  rows.Add({"rows written that look as if they held personal data" + Escaped(kinds),
            FormatCount(sample.rows_with_pii), FormatShare(sample.rows_with_pii, sample.rows)});
  return Heading("Duplicates and personal data" + of) +
         Soft("Of the rows written " + looked +
              " were looked at, without sensitive columns. Personal data is told by its shape "
              "(e-mail, phone, IPv4, IPv6, IBAN, card): an indication, no proof.") +
         rows.Html();
}

std::string ExamplesSection(const ReportTable& table, const std::string& of) {
  std::string html = Heading("Sample rows" + of);
  const bool sensitive = std::any_of(table.manifest.profiles.begin(), table.manifest.profiles.end(),
                                     [](const stage::ColumnProfile& c) { return c.sensitive; });
  if (sensitive) return html + Soft("None are shown: the table has a sensitive column.");
  if (table.sample.examples.empty()) return html + Soft("There are no rows.");
  for (const stage::TableSample::Row& row : table.sample.examples) {
    std::string cells;
    for (const auto& [name, text] : row.cells) {
      cells += Element("dt", Escaped(CutText(name, kNameBytesMax))) + Element("dd", Escaped(text)) +
               "\n";
    }
    html += Element("div", Code(CutText(row.id, 300)) + (cells.empty() ? "" : Element("dl", cells)),
                    "sample") +
            "\n";
  }
  return html;
}

}  // namespace millrace::pipeline
