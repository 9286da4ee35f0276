#include <algorithm>
#include <cmath>

#include "base/quantity.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "cli/text_table.h"

namespace millrace::cli {
namespace {

constexpr size_t kReasonsShown = 20;

std::string Title(const std::string& text) { return Styled(Style::kBold, text) + "\n"; }

std::string Funnel(const RunResult& result) {
  TextTable table({{"source"},
                   {"read", Align::kRight},
                   {"written", Align::kRight},
                   {"rejected", Align::kRight},
                   {"", Align::kRight}});
  for (const RunResult::Source& s : result.sources) {
    table.Add({s.name, FormatCount(s.rows_read), FormatCount(s.rows_written),
               FormatCount(s.rows_rejected), FormatShare(s.rows_rejected, s.rows_read)});
  }
  if (result.sources.size() > 1) {
    table.Add({"all", FormatCount(result.rows_read), FormatCount(result.rows_written),
               FormatCount(result.rows_rejected),
               FormatShare(result.rows_rejected, result.rows_read)});
  }
  return Title("Rows") + table.Render();
}

std::string Stages(const RunResult& result) {
  std::string out;
  for (const RunResult::Stage& stage : result.stages) {
    TextTable table({{"operator"},
                     {"type"},
                     {"rows in", Align::kRight},
                     {"dropped", Align::kRight},
                     {"tagged", Align::kRight},
                     {"changed", Align::kRight},
                     {"made", Align::kRight}});
    for (const RunResult::Operator& o : stage.operators) {
      table.Add({o.id, o.type, FormatCount(o.reached), FormatCount(o.dropped),
                 FormatCount(o.tagged), FormatCount(o.refined), FormatCount(o.derived)});
    }
    out += "\n" +
           Title("Stage " + stage.name + ": " + FormatCount(stage.rows_read) + " in, " +
                 FormatCount(stage.rows_written) + " out") +
           table.Render();
  }
  return out;
}

std::string Rejects(const RunResult& result) {
  if (result.rejects.empty()) return "";
  TextTable table({{"rows", Align::kRight}, {"source"}, {"rule"}, {"column"}});
  for (size_t i = 0; i < std::min(kReasonsShown, result.rejects.size()); ++i) {
    const RejectReason& r = result.rejects[i];
    const bool named = r.rule.rfind(r.instance + ".", 0) == 0;
    table.Add(
        {FormatCount(r.rows), r.source, named ? r.rule : r.instance + "." + r.rule, r.column});
  }
  std::string out = "\n" + Title("Rejected") + table.Render();
  if (result.rejects.size() > kReasonsShown) {
    out += "  and " + std::to_string(result.rejects.size() - kReasonsShown) +
           " more reasons in the report\n";
  }
  return out;
}

std::string Nulled(const RunResult& result) {
  if (result.nulled.empty()) return "";
  TextTable table({{"values", Align::kRight}, {"source"}, {"rule"}, {"column"}});
  for (size_t i = 0; i < std::min(kReasonsShown, result.nulled.size()); ++i) {
    const NulledReason& n = result.nulled[i];
    table.Add({FormatCount(n.values), n.source, n.rule, n.column});
  }
  std::string out = "\n" + Title("Set to null") + table.Render();
  if (result.nulled.size() > kReasonsShown) {
    out += "  and " + std::to_string(result.nulled.size() - kReasonsShown) +
           " more reasons in the report\n";
  }
  return out;
}

std::string Drifts(const RunResult& result) {
  if (result.drift.empty()) return "";
  std::string out = "\n" + Title("Drift");
  for (size_t i = 0; i < std::min(kReasonsShown, result.drift.size()); ++i) {
    out += "  " + SafeText(result.drift[i], false) + "\n";
  }
  if (result.drift.size() > kReasonsShown) {
    out += "  and " + std::to_string(result.drift.size() - kReasonsShown) + " more\n";
  }
  return out;
}

std::string Written(const RunResult& result) {
  if (result.exports.empty()) return "";
  TextTable table({{"export"},
                   {"type"},
                   {"rows", Align::kRight},
                   {"files", Align::kRight},
                   {"size", Align::kRight},
                   {"where", Align::kLeft, 400}});
  for (const RunResult::Export& e : result.exports) {
    table.Add({e.name, e.type, FormatCount(e.rows), FormatCount(e.files), FormatByteSize(e.bytes),
               ShownPath(e.path) + (e.existed ? "  (was there already)" : "")});
  }
  return "\n" + Title("Written") + table.Render();
}

// What the model's contract says of the rows: the requirements that are not met, or that all are.
std::string Fitness(const RunResult& result) {
  if (result.model.empty()) return "";
  TextTable table({{"id"}, {"measured", Align::kLeft, 60}, {"asked for", Align::kLeft, 48}});
  size_t unmet = 0;
  for (const RunResult::Requirement& r : result.requirements) {
    if (r.met) continue;
    ++unmet;
    if (unmet <= kReasonsShown) table.Add({r.id, r.measured, r.threshold});
  }
  const std::string all =
      FormatCounted(static_cast<int64_t>(result.requirements.size()), "requirement");
  std::string out = "\n" + Title("Model") + "  " + SafeText(result.model, false) + ": ";
  if (unmet == 0) return out + Styled(Style::kGreen, "fit") + ", it meets " + all + "\n";
  out += Styled(Style::kRed, "not fit") + ", it does not meet " +
         FormatCount(static_cast<int64_t>(unmet)) + " of " + all + "\n" + table.Render();
  if (unmet > kReasonsShown) {
    out += "  and " + std::to_string(unmet - kReasonsShown) + " more in the report\n";
  }
  return out;
}

// Rows that a prompts export could not use.
std::string NotExported(const RunResult& result) {
  TextTable table({{"rows", Align::kRight}, {"export"}, {"rule"}, {"part"}});
  bool any = false;
  for (const RunResult::Export& e : result.exports) {
    for (const RejectReason& r : e.rejects) {
      table.Add({FormatCount(r.rows), e.name, r.rule, r.column});
      any = true;
    }
  }
  return any ? "\n" + Title("Not exported") + table.Render() : "";
}

}  // namespace

std::string RenderRun(const RunResult& result) {
  std::string out = Styled(Style::kBold, SafeText(result.pipeline, false)) + "  run " +
                    result.run_id.substr(0, 12) + "\n\n";
  out += Funnel(result) + Stages(result) + Rejects(result) + Nulled(result) + Drifts(result) +
         Written(result) + NotExported(result) + Fitness(result);
  if (!result.proposed_contracts.empty()) {
    out += "\n" + Title("Inferred contract");
    for (const std::string& path : result.proposed_contracts) out += "  " + ShownPath(path) + "\n";
  }
  if (!result.until.empty()) {
    return out + "\n" + Title("Stopped") + "  after " + SafeText(result.until, false) +
           ", as told: nothing was exported\n";
  }
  return out + "\n" + Title("Report") + "  " + ShownPath(result.report_html_path) + "\n";
}

std::string RenderPace(const RunResult& result) {
  std::string out = "done in " + FormatDuration(result.seconds);
  if (result.splits_done > 0 && result.seconds > 0) {
    const double pace = static_cast<double>(result.rows_read) / result.seconds;
    if (result.splits_skipped == 0) out += ", " + FormatCount(std::llround(pace)) + " rows/s";
  }
  if (result.splits_skipped > 0) {
    out += ", " + FormatCount(result.splits_skipped) + " of " + FormatCount(result.splits_total) +
           " splits were done already";
  }
  return out + "\n";
}

}  // namespace millrace::cli
