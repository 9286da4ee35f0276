#include <nlohmann/json.hpp>

#include "base/quantity.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "cli/text_table.h"

namespace millrace::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Title(const std::string& text) { return Styled(Style::kBold, text) + "\n"; }

std::string Columns(const Json& file) {
  TextTable table({{"column"},
                   {"type", Align::kLeft, 32},
                   {"nulls", Align::kRight},
                   {"distinct", Align::kRight},
                   {"smallest", Align::kLeft, 26},
                   {"largest", Align::kLeft, 26},
                   {"length", Align::kRight}});
  const auto rows = file.at("rows").get<int64_t>();
  for (const Json& c : file.at("columns")) {
    const bool sensitive = c.value("sensitive", false);
    const auto distinct = c.at("distinct_estimate").get<int64_t>();
    std::string length;
    if (c.contains("length")) {
      length = FormatCount(c.at("length").at("min")) + "–" + FormatCount(c.at("length").at("max"));
    }
    table.Add({c.at("name"), c.at("type"), FormatShare(c.at("nulls"), rows),
               distinct == 0 ? "" : "≈ " + FormatCount(distinct),
               sensitive ? "(sensitive)" : c.at("min").get<std::string>(),
               sensitive ? "(sensitive)" : c.at("max").get<std::string>(), length});
  }
  return Title("Columns") + table.Render();
}

std::string Samples(const Json& file) {
  std::string out;
  size_t number = 0;
  for (const Json& sample : file.at("samples")) {
    out += (out.empty() ? "\n" + Title("Samples") : "") + "  " +
           Styled(Style::kDim, "row " + std::to_string(number++)) + "\n";
    int width = 0;
    for (const auto& [name, value] : sample.items()) {
      width = std::max(width, DisplayWidth(SafeText(name, false)));
    }
    width = std::min(width, 32);
    for (const auto& [name, value] : sample.items()) {
      const std::string shown = Shortened(SafeText(name, false), width);
      const std::string gap(static_cast<size_t>(width - DisplayWidth(shown)) + 2, ' ');
      const std::string text =
          value.is_null() ? Styled(Style::kDim, "null")
                          : Shortened(SafeText(value.get<std::string>(), false), 76 - width);
      out += "    " + shown + gap + text + "\n";
    }
  }
  return out;
}

std::string InspectedFile(const Json& file) {
  std::string out = Styled(Style::kBold, SafeText(file.at("path").get<std::string>(), false)) +
                    "\n  " + file.at("format").get<std::string>();
  if (file.value("compression", "none") != "none") {
    out += ", " + file.at("compression").get<std::string>();
  }
  out += ", " + FormatByteSize(file.at("bytes")) + ", " + FormatCounted(file.at("rows"), "row") +
         (file.at("whole_file").get<bool>() ? "" : " looked at");
  if (file.contains("delimiter")) {
    const std::string delimiter = file.at("delimiter");
    out += ", delimiter " + (delimiter == "\t" ? "tab" : SafeText(delimiter, false)) +
           (file.at("header").get<bool>() ? ", header" : ", no header");
  }
  out += "\n\n" + Columns(file);
  if (!file.at("does_not_fit").empty()) {
    TextTable table({{"rows", Align::kRight}, {"rule"}, {"column"}});
    for (const Json& r : file.at("does_not_fit")) {
      table.Add({FormatCount(r.at("rows")), r.at("rule"), r.at("column")});
    }
    out += "\n" + Title("Rows that do not fit") + table.Render();
  }
  return out + Samples(file);
}

std::string InspectedDialect(const Json& file) {
  const Json& d = file.at("dialect");
  const auto percent = [](double share) {
    return FormatShare(static_cast<int64_t>(share * 100 + 0.5), 100);
  };
  std::string out = Styled(Style::kBold, SafeText(file.at("path").get<std::string>(), false)) +
                    "\n  confidence " + percent(d.at("confidence").get<double>());
  if (!file.at("accepted").get<bool>()) {
    out += ": less than " + percent(file.at("confidence_min").get<double>()) +
           ", so a run refuses the file unless its dialect is declared";
  }
  out += "\n\n" + Title("Why");
  for (const Json& reason : d.at("reasons")) {
    out += "  " + SafeText(reason.get<std::string>(), false) + "\n";
  }
  out += "\n" + Title("For the source in the config") +
         "  dialect: " + SafeText(d.at("block").get<std::string>(), false) + "\n";
  return out;
}

std::string Runs(const Json& status) {
  if (status.at("runs").empty()) return "  no runs yet\n";
  TextTable table({{"run"},
                   {"state"},
                   {"attempts", Align::kRight},
                   {"read", Align::kRight},
                   {"written", Align::kRight},
                   {"rejected", Align::kRight},
                   {"last", Align::kLeft, 60}});
  for (const Json& run : status.at("runs")) {
    const auto count = [&](const char* key) {
      return run.contains(key) ? FormatCount(run.at(key)) : std::string("-");
    };
    std::string last = run.value("last_event", "");
    if (run.contains("splits_total")) {
      last = "stage " + run.at("stage").get<std::string>() + ", " +
             FormatCount(run.at("splits_done")) + " of " +
             FormatCounted(run.at("splits_total"), "split");
    } else if (run.contains("stage") && run.at("state") != "stopped") {
      last += " in stage " + run.at("stage").get<std::string>();
    }
    if (run.contains("message")) last += ": " + run.at("message").get<std::string>();
    table.Add({run.at("run"), run.at("state"), FormatCount(run.at("attempts")), count("rows_read"),
               count("rows_written"), count("rows_rejected"), last});
  }
  return table.Render();
}

std::string Stages(const Json& workspace) {
  if (workspace.at("stages").empty()) return "";
  TextTable table({{"stage"},
                   {"table"},
                   {"read", Align::kRight},
                   {"written", Align::kRight},
                   {"rejected", Align::kRight},
                   {"columns", Align::kRight},
                   {"files", Align::kRight},
                   {"folder", Align::kLeft, 100}});
  for (const Json& stage : workspace.at("stages")) {
    for (const Json& t : stage.at("tables")) {
      std::string name = t.at("table");
      if (name.empty()) name = t.at("pipeline");
      table.Add({t.at("stage"), name, FormatCount(t.at("rows_read")),
                 FormatCount(t.at("rows_written")), FormatCount(t.at("rows_rejected")),
                 FormatCount(static_cast<int64_t>(t.at("columns").size())),
                 FormatCount(t.at("files")), stage.at("folder")});
    }
  }
  return "\n" + Title("Stages") + table.Render();
}

std::string Snapshots(const Json& workspace) {
  if (!workspace.contains("snapshots")) return "";
  TextTable table({{"source"},
                   {"snapshot"},
                   {"pages", Align::kRight},
                   {"records", Align::kRight},
                   {"size", Align::kRight},
                   {"", Align::kLeft, 60}});
  for (const Json& s : workspace.at("snapshots")) {
    const Json& list = s.at("snapshots");
    for (size_t i = 0; i < list.size(); ++i) {
      const bool latest = i + 1 == list.size();
      const bool pending = latest && s.at("pending").get<bool>();
      table.Add({s.at("source"), list[i].at("id"), FormatCount(list[i].at("pages")),
                 FormatCount(list[i].at("records")), FormatByteSize(list[i].at("bytes")),
                 pending  ? "latest, no run has finished with it"
                 : latest ? "latest"
                          : ""});
    }
    if (s.contains("unfinished_pages")) {
      table.Add({s.at("source"), "-", FormatCount(s.at("unfinished_pages")), "", "",
                 "unfinished; `millrace run` goes on"});
    }
  }
  return "\n" + Title("Snapshots") + table.Render();
}

}  // namespace

std::string RenderInspect(const std::string& json) {
  const Json found = Json::parse(json);
  if (found.at("kind") == "file") return InspectedFile(found);
  if (found.at("kind") == "dialect") return InspectedDialect(found);
  return Title("Runs") + Runs(found) + Stages(found) + Snapshots(found);
}

std::string RenderStatus(const std::string& json) {
  const Json status = Json::parse(json);
  return (status.at("active").get<bool>() ? "a run is active\n" : "") + Runs(status) +
         Snapshots(status);
}

}  // namespace millrace::cli
