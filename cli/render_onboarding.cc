#include <algorithm>

#include "base/quantity.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "cli/text_table.h"
#include "millrace/onboarding.h"

namespace millrace::cli {
namespace {

std::string Title(const std::string& text) { return Styled(Style::kBold, text) + "\n"; }

}  // namespace

std::string RenderDoctor(const DoctorReport& report) {
  int width = 0;
  for (const Finding& f : report.findings) {
    width = std::max(width, DisplayWidth(SafeText(f.what, false)));
  }
  width = std::min(width, 32);
  std::string out;
  for (const Finding& f : report.findings) {
    const Style style = f.health == Health::kOk     ? Style::kGreen
                        : f.health == Health::kWarn ? Style::kYellow
                                                    : Style::kRed;
    const std::string what = Shortened(SafeText(f.what, false), width);
    const std::string name = HealthName(f.health);
    out += Styled(style, name) + std::string(6 - name.size(), ' ') + what +
           std::string(static_cast<size_t>(width - DisplayWidth(what)) + 2, ' ') +
           SafeText(f.message, false) + "\n";
    if (!f.remedy.empty()) out += "      help: " + SafeText(f.remedy, false) + "\n";
  }
  return out;
}

std::string RenderProposal(const Proposal& proposal, const std::string& path) {
  std::string out = Title("Sources");
  TextTable sources(
      {{"source"}, {"type"}, {"confidence", Align::kRight}, {"path", Align::kLeft, 80}});
  for (const Proposal::Source& s : proposal.sources) {
    sources.Add(
        {s.name, s.type, FormatShare(static_cast<int64_t>(s.confidence * 100 + 0.5), 100), s.path});
  }
  out += sources.Render();
  int64_t open = 0;
  TextTable sensitive({{"table"}, {"column"}, {"why", Align::kLeft, 60}});
  for (const Proposal::Column& column : proposal.columns) {
    open += static_cast<int64_t>(column.open.size());
    if (column.sensitive) sensitive.Add({column.table, column.name, column.reason});
  }
  if (!sensitive.empty()) out += "\n" + Title("Taken for sensitive") + sensitive.Render();
  if (!proposal.left_out.empty()) {
    TextTable left_out({{"file"}, {"why", Align::kLeft, 90}});
    for (size_t i = 0; i < proposal.left_out.size() && i < 10; ++i) {
      left_out.Add({proposal.left_out[i].file, proposal.left_out[i].why});
    }
    out += "\n" + Title("Left out") + left_out.Render();
    if (proposal.left_out.size() > 10) {
      out +=
          "  and " + FormatCount(static_cast<int64_t>(proposal.left_out.size()) - 10) + " more\n";
    }
  }
  const std::string shown = SafeText(ShownPath(path), false);
  out += "\n" + Title("Written") + "  " + shown + ": " +
         FormatCounted(static_cast<int64_t>(proposal.columns.size()), "column") + ", " +
         FormatCounted(open, "question") + " left open\n";
  out += "\n" + Title("Next") + "  millrace run " + shown + "\n";
  return out;
}

}  // namespace millrace::cli
