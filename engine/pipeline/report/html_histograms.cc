// Of the card: how the numbers that filters look at are spread, what passes apart from what does
// not.
#include <fmt/format.h>

#include <algorithm>

#include "base/quantity.h"
#include "pipeline/report/html_sections.h"
#include "pipeline/report/html_writer.h"

namespace millrace::pipeline {
namespace {

using Rows = op::ValueHistogram::Rows;

constexpr size_t kBarsMax = 48;
constexpr double kWidth = 480, kHeight = 60;

std::string NumberText(double value) { return fmt::format("{:.6g}", value); }

// Neighbouring bins together, so that there are few enough bars to be told apart.
std::vector<Rows> BarsOf(const std::vector<std::pair<double, Rows>>& bins) {
  const size_t each = (bins.size() + kBarsMax - 1) / kBarsMax;
  std::vector<Rows> bars;
  for (size_t i = 0; i < bins.size(); ++i) {
    if (i % each == 0) bars.emplace_back();
    bars.back().kept += bins[i].second.kept;
    bars.back().against += bins[i].second.against;
  }
  return bars;
}

std::string Rect(double x, double y, double width, double height, const char* fill) {
  return fmt::format(
      "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" style=\"fill:var({})\"/>",
      x, y, width, height, fill);
}

// What passes stands below, what does not on top of it.
std::string Picture(const std::vector<Rows>& bars) {
  int64_t most = 1;
  for (const Rows& bar : bars) most = std::max(most, bar.kept + bar.against);
  const double width = kWidth / static_cast<double>(bars.size());
  // What is there is seen, however little it is.
  const auto height = [&](int64_t rows) {
    return rows == 0 ? 0.0
                     : std::max(1.0, (kHeight - 1) * static_cast<double>(rows) /
                                         static_cast<double>(most));
  };
  std::string svg;
  for (size_t i = 0; i < bars.size(); ++i) {
    const double x = width * static_cast<double>(i), wide = std::max(1.0, width - 1);
    const double kept = height(bars[i].kept), against = height(bars[i].against);
    if (kept > 0) svg += Rect(x, kHeight - kept, wide, kept, "--good");
    if (against > 0) {
      svg += Rect(x, std::max(0.0, kHeight - kept - against), wide, against, "--bad");
    }
  }
  return svg;
}

std::string Histogram(const stage::InstanceCount& instance, const op::ValueHistogram& of) {
  const auto bins = of.Bins();
  Rows all = of.without_number();
  for (const auto& [bound, rows] : bins) {
    all.kept += rows.kept;
    all.against += rows.against;
  }
  std::string text = FormatCounted(all.kept, "row") + " kept, " + FormatCount(all.against) +
                     (instance.tagged > 0 ? " tagged" : " dropped");
  const Rows& none = of.without_number();
  if (none.kept + none.against > 0) {
    text += "; " + FormatCount(none.kept + none.against) + " of them without a number";
  }
  std::string html = Element("h3", Code(instance.id) + " by " + Code(of.of()));
  if (!bins.empty()) {
    const std::string range =
        NumberText(bins.front().first) + " to " + NumberText(bins.back().first);
    html += fmt::format(
                "<svg class=\"spread\" viewBox=\"0 0 {:.0f} {:.0f}\" preserveAspectRatio=\"none\" "
                "role=\"img\" aria-label=\"",
                kWidth, kHeight) +
            EscapedAttribute(of.of() + " from " + range + ": " + text) + "\">" +
            Picture(BarsOf(bins)) + "</svg>";
    text = "from " + range + " in steps that grow with the number; " + text;
  }
  return html + Soft(Escaped(text));
}

}  // namespace

std::string HistogramsSection(const ReportTable& stage) {
  std::string html;
  for (const stage::InstanceCount& instance : stage.manifest.instances) {
    for (const op::ValueHistogram& of : instance.histograms) html += Histogram(instance, of);
  }
  return html;
}

}  // namespace millrace::pipeline
