// What `preview` and `check` show.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/quantity.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "cli/text_table.h"

namespace millrace::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kValueColumns = 36;

std::string Title(const std::string& text) { return Styled(Style::kBold, text) + "\n"; }

std::string ValueText(const Json& values, const std::string& name) {
  if (!values.is_object() || !values.contains(name)) return "";
  const Json& value = values.at(name);
  return value.is_null() ? "null" : value.get<std::string>();
}

// The column of the file that a column of the contract is most likely made of comes on its line.
std::string Row(const Json& row, const Json& columns) {
  const bool rejected = row.contains("reject");
  std::string out =
      "  " + Styled(Style::kDim, SafeText(row.at("row").get<std::string>(), false)) + "  " +
      (rejected ? Styled(Style::kRed, "rejected") : Styled(Style::kGreen, "passes")) + "\n";
  TextTable table({{"column", Align::kLeft, 28},
                   {"before", Align::kLeft, kValueColumns},
                   {"after", Align::kLeft, kValueColumns},
                   {"type", Align::kLeft, 20}});
  std::vector<std::string> shown;
  for (const Json& column : columns) {
    const std::string name = column.at("name");
    shown.push_back(name);
    table.Add({name, ValueText(row.at("before"), name), ValueText(row.at("after"), name),
               column.at("type")});
  }
  if (row.at("before").is_object()) {
    for (const auto& [name, value] : row.at("before").items()) {
      if (std::find(shown.begin(), shown.end(), name) != shown.end()) continue;
      table.Add({name, value.is_null() ? "null" : value.get<std::string>(), "", ""});
    }
  }
  out += table.Render();
  if (!rejected) return out;
  const Json& reject = row.at("reject");
  out += "  " + Styled(Style::kRed, reject.at("rule").get<std::string>()) + ": " +
         SafeText(reject.at("message").get<std::string>(), false) +
         (reject.value("ends_the_run", false) ? "; a run ends here" : "") + "\n";
  if (reject.contains("raw")) {
    out += "  " + Shortened(SafeText(reject.at("raw").get<std::string>(), false), 96) + "\n";
  }
  return out;
}

// What a stage made of a row, or of its children: the columns that are other than before.
std::string StagedRow(const Json& row, bool named) {
  std::string out;
  if (named) {
    out += "  " + Styled(Style::kDim, SafeText(row.at("row").get<std::string>(), false)) + "\n";
  }
  TextTable table({{"column", Align::kLeft, 28}, {"after", Align::kLeft, 2 * kValueColumns}});
  bool any = false;
  const bool derived = row.contains("derived");
  for (const auto& [name, value] : row.at("after").items()) {
    const Json* changed = derived ? nullptr : &row.at("changed");
    if (!derived && std::find(changed->begin(), changed->end(), name) == changed->end()) continue;
    table.Add({name, ValueText(row.at("after"), name)});
    any = true;
  }
  if (any) out += table.Render();
  std::string removed;
  for (const Json& name : derived ? Json::array() : row.at("removed")) {
    removed += (removed.empty() ? "" : ", ") + SafeText(name.get<std::string>(), false);
  }
  if (!removed.empty()) out += "  " + Styled(Style::kDim, "removed: " + removed) + "\n";
  if (row.contains("tags")) {
    std::string tags;
    for (const Json& tag : row.at("tags")) {
      tags += (tags.empty() ? "" : ", ") + SafeText(tag.get<std::string>(), false);
    }
    out += "  " + Styled(Style::kDim, "tagged by: " + tags) + "\n";
  }
  return out;
}

std::string StageDrop(const Json& reject) {
  std::string out = "  " + Styled(Style::kRed, reject.at("instance").get<std::string>()) + "  " +
                    reject.value("rule", "") + ": " + SafeText(reject.value("message", ""), false);
  std::string measured = reject.value("value", "");
  const std::string threshold = reject.value("threshold", "");
  if (!measured.empty()) out += "\n    measured " + Shortened(SafeText(measured, false), 100);
  if (!threshold.empty()) out += "\n    asked for " + Shortened(SafeText(threshold, false), 100);
  return out + "\n";
}

std::string StagesOfRow(const Json& row) {
  std::string out;
  for (const Json& stage : row.value("stages", Json::array())) {
    const Json& rows = stage.at("rows");
    const Json& rejects = stage.at("rejects");
    const bool one = rows.size() == 1 && rejects.empty() && !rows[0].contains("derived");
    const std::string fate =
        one ? Styled(Style::kGreen, "passes")
        : rows.empty() && !rejects.empty()
            ? Styled(Style::kRed, "dropped")
            : "becomes " + FormatCounted(static_cast<int64_t>(rows.size()), "row");
    out += "  " + Styled(Style::kBold, "stage " + stage.at("stage").get<std::string>()) + "  " +
           fate + "\n";
    for (const Json& made : rows) out += StagedRow(made, !one);
    for (const Json& reject : rejects) out += StageDrop(reject);
  }
  return out;
}

std::string StageCounts(const Json& preview) {
  if (!preview.contains("stages")) return "";
  TextTable table({{"stage"},
                   {"operator"},
                   {"type"},
                   {"rows in", Align::kRight},
                   {"dropped", Align::kRight},
                   {"tagged", Align::kRight},
                   {"changed", Align::kRight},
                   {"made", Align::kRight}});
  std::string alone;
  for (const Json& stage : preview.at("stages")) {
    for (const Json& o : stage.at("operators")) {
      table.Add({stage.at("stage"), o.at("id"), o.at("type"), FormatCount(o.at("reached")),
                 FormatCount(o.at("dropped")), FormatCount(o.at("tagged")),
                 FormatCount(o.at("refined")), FormatCount(o.at("derived"))});
    }
    for (const Json& id : stage.at("decided_over_these_rows_alone")) {
      alone += (alone.empty() ? "`" : ", `") + stage.at("stage").get<std::string>() + "." +
               id.get<std::string>() + "`";
    }
  }
  std::string out = "\n" + Title("Stages") + table.Render();
  for (const Json& stage : preview.at("stages")) {
    if (!stage.at("mixes").get<bool>()) continue;
    out += "  " + SafeText(stage.at("stage").get<std::string>(), false) +
           " mixes its inputs; here their rows come one after the other\n";
  }
  if (!alone.empty()) {
    out += "  " + SafeText(alone, false) +
           " must know all rows; here it was decided over those shown alone\n";
  }
  return out;
}

std::string Reasons(const Json& rejects) {
  std::string out;
  for (const Json& reason : rejects) {
    const std::string column = reason.at("column");
    out += "  " + FormatCounted(reason.at("rows"), "row") + "  " +
           Styled(Style::kBold, reason.at("rule").get<std::string>()) +
           (column.empty() ? "" : "  column `" + SafeText(column, false) + "`") + "\n";
    for (const Json& sample : reason.at("samples")) {
      out += "    " + Styled(Style::kDim, SafeText(sample.at("row").get<std::string>(), false)) +
             "  " + Shortened(SafeText(sample.at("message").get<std::string>(), false), 120) + "\n";
      if (sample.contains("value")) {
        out += "      value " +
               Shortened(SafeText(sample.at("value").get<std::string>(), false), 100) + "\n";
      }
    }
  }
  return out;
}

}  // namespace

std::string RenderPreview(const std::string& json) {
  const Json preview = Json::parse(json);
  std::string out;
  for (const Json& source : preview.at("sources")) {
    out += (out.empty() ? "" : "\n") +
           Title(SafeText(source.at("source").get<std::string>(), false)) + "  " +
           FormatCounted(source.at("read"), "row") + " looked at, " +
           FormatCount(source.at("rejected")) + " rejected" +
           (source.at("inferred").get<bool>() ? "; the contract is inferred" : "") + "\n";
    bool unique = false;
    for (const Json& column : source.at("columns")) unique |= column.at("unique").get<bool>();
    if (unique) out += "  `unique` is not checked here: it needs all rows\n";
    for (const Json& row : source.at("rows")) {
      out += "\n" + Row(row, source.at("columns")) + StagesOfRow(row);
    }
  }
  return out + StageCounts(preview);
}

std::string RenderCheck(const std::string& json) {
  const Json check = Json::parse(json);
  const std::string verdict = check.at("verdict");
  const Json& rows = check.at("rows");
  std::string out =
      Styled(Style::kBold, SafeText(check.at("file").get<std::string>(), false)) + "  " +
      (verdict == "accepted"        ? Styled(Style::kGreen, "accepted")
       : verdict == "within_limits" ? Styled(Style::kYellow, "accepted, within limits")
                                    : Styled(Style::kRed, "rejected")) +
      "\n  " + FormatCounted(rows.at("read"), "row") + " read, " +
      FormatCount(rows.at("accepted")) + " accepted, " + FormatCount(rows.at("rejected")) +
      " rejected\n";
  if (check.at("ended_early").get<bool>()) {
    out += "  a rule with `on_error: fail` ends it here; what follows was not read\n";
  }
  if (!check.at("rejects").empty()) out += "\n" + Title("Rejected") + Reasons(check.at("rejects"));
  if (!check.at("nulled").empty()) {
    TextTable table({{"values", Align::kRight}, {"rule"}, {"column"}});
    for (const Json& n : check.at("nulled")) {
      table.Add({FormatCount(n.at("values")), n.at("rule"), n.at("column")});
    }
    out += "\n" + Title("Set to null") + table.Render();
  }
  if (!check.at("unknown_columns").empty()) {
    out += "\n" + Title("Columns that the contract does not name");
    for (const Json& name : check.at("unknown_columns")) {
      out += "  " + SafeText(name.get<std::string>(), false) + "\n";
    }
  }
  return out;
}

}  // namespace millrace::cli
