// What is done with releases, as text for people.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/quantity.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "cli/text_table.h"

namespace millrace::cli {
namespace {

using Json = nlohmann::json;

constexpr size_t kChangesShown = 40;

std::string Title(const std::string& text) { return Styled(Style::kBold, text) + "\n"; }

std::string FitText(const std::string& verdict) {
  return verdict == "not_fit" ? "not fit" : verdict == "unjudged" ? "not judged" : verdict;
}

std::string More(size_t all) {
  return all <= kChangesShown
             ? ""
             : "  and " + std::to_string(all - kChangesShown) + " more: `--json` has all\n";
}

std::string SideOf(const Json& side) {
  return side.is_null() ? "–" : side.is_string() ? side.get<std::string>() : side.dump();
}

std::string ConfigChanges(const Json& changes) {
  TextTable table({{"where", Align::kLeft, 70}, {"before"}, {"after"}});
  for (size_t i = 0; i < std::min(kChangesShown, changes.size()); ++i) {
    const Json& change = changes[i];
    const std::string file = change.value("file", "");
    table.Add({(file == "pipeline" ? "" : file + ": ") + change.value("path", ""),
               SideOf(change["before"]), SideOf(change["after"])});
  }
  return "\n" + Title("Config") + table.Render() + More(changes.size());
}

std::string ReportChanges(const Json& changes) {
  TextTable table({{"what", Align::kLeft, 70}, {"before"}, {"after"}});
  for (size_t i = 0; i < std::min(kChangesShown, changes.size()); ++i) {
    const Json& text = changes[i]["text"];
    table.Add({text[0].get<std::string>(), text[1].get<std::string>(), text[2].get<std::string>()});
  }
  return "\n" + Title("Report") + table.Render() + More(changes.size());
}

std::string Fates(const Json& tables) {
  std::string out;
  for (const Json& of : tables) {
    const std::string stage = of.value("stage", "");
    const std::string name = stage.empty() ? of.value("table", "") : "stage " + stage;
    out += "\n" + Title("Rows" + (name.empty() ? "" : " of " + SafeText(name, false)));
    if (of.contains("rows_not_compared")) {
      out += "  not compared: " + of.value("rows_not_compared", "") + "\n";
      continue;
    }
    const int64_t moved = of.value("rows_moved", int64_t{0});
    out += "  " + FormatCounted(of.value("rows_same", int64_t{0}), "row") + " the same" +
           (moved == 0 ? "" : ", " + FormatCount(moved) + " of them at another place") + "\n";
    TextTable table(
        {{"rows", Align::kRight}, {"before"}, {"after"}, {"for example", Align::kLeft, 60}});
    for (const Json& change : of["changes"]) {
      const Json& ids = change["row_ids"];
      table.Add({FormatCount(change.value("rows", int64_t{0})), change.value("before", ""),
                 change.value("after", ""), ids.empty() ? "" : ids[0].get<std::string>()});
    }
    if (!table.empty()) out += table.Render();
  }
  return out;
}

}  // namespace

std::string RenderApprovals(const std::string& json) {
  const Json parsed = Json::parse(json);
  std::string out;
  for (const Json& approval : parsed["approvals"]) {
    out += Styled(Style::kGreen, "approved") + " " + approval.value("release_id", "") + " (" +
           SafeText(approval.value("export", ""), false) + ", " +
           FitText(approval.value("verdict", "")) + ") by " +
           SafeText(approval.value("by", ""), false) + "\n  " +
           ShownPath(approval.value("record", "")) + "\n";
  }
  return out;
}

std::string RenderReleases(const std::string& json) {
  const Json parsed = Json::parse(json);
  std::string out;
  for (const Json& target : parsed["targets"]) {
    TextTable table({{"release"},
                     {"published"},
                     {"rows", Align::kRight},
                     {"size", Align::kRight},
                     {"verdict"},
                     {"state"},
                     {"by"}});
    for (const Json& release : target["releases"]) {
      std::string by;
      for (const Json& approval : release.value("approvals", Json::array())) {
        const std::string name = approval.value("by", "");
        by += (by.empty() ? "" : ", ") + (name.empty() ? "?" : name);
        if (!approval.value("holds", false)) by += " (of another state)";
      }
      table.Add({release.value("release_id", "") + (release.value("latest", false) ? " *" : ""),
                 release.value("published", "").substr(0, 16),
                 FormatCount(release.value("rows", int64_t{0})),
                 FormatByteSize(release.value("bytes", int64_t{0})),
                 FitText(release.value("verdict", "")), release.value("state", ""), by});
    }
    out += Title(ShownPath(target.value("target", "")));
    out += table.empty() ? "  no releases\n" : table.Render();
    out += "\n";
  }
  for (const Json& path : parsed["not_found"]) {
    out += "not found from here: " + SafeText(path.get<std::string>(), false) + "\n";
  }
  if (out.empty()) out = "no releases\n";
  return out;
}

std::string RenderDiff(const std::string& json) {
  const Json parsed = Json::parse(json);
  const auto who = [](const Json& side) {
    return SafeText(side.value("pipeline", ""), false) + " run " +
           side.value("run_id", "").substr(0, 12);
  };
  std::string out = Styled(Style::kBold, who(parsed["before"])) + "  →  " +
                    Styled(Style::kBold, who(parsed["after"])) + "\n";
  if (!parsed["config"].empty()) out += ConfigChanges(parsed["config"]);
  if (!parsed["changes"].empty()) out += ReportChanges(parsed["changes"]);
  if (parsed.contains("rows")) {
    out += Fates(parsed["rows"]);
  } else {
    out += "\nRows were not compared: " + parsed.value("rows_not_compared", "") + ".\n";
  }
  if (parsed["config"].empty() && parsed["changes"].empty()) {
    out += "\nConfig and report are the same.\n";
  }
  return out;
}

}  // namespace millrace::cli
