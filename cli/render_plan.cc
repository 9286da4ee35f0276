#include <nlohmann/json.hpp>
#include <sstream>

#include "base/quantity.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "cli/text_table.h"

namespace millrace::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Title(const std::string& text) { return Styled(Style::kBold, text) + "\n"; }

std::string About(const Json& number, bool exact) {
  return (exact ? "" : "≈ ") + FormatCount(number.get<int64_t>());
}

std::string Sources(const Json& plan) {
  TextTable table({{"source"},
                   {"type"},
                   {"files", Align::kRight},
                   {"size", Align::kRight},
                   {"rows", Align::kRight},
                   {"splits", Align::kRight},
                   {"path", Align::kLeft, 100}});
  for (const Json& s : plan.at("sources")) {
    std::string type = s.at("type");
    if (s.value("compression", "none") != "none")
      type += " " + s.at("compression").get<std::string>();
    if (s.contains("snapshot")) {
      type += s.at("snapshot").is_null() ? " (not fetched yet)"
                                         : " " + s.at("snapshot").get<std::string>();
    }
    table.Add({s.at("name"), type, FormatCount(s.at("files")), FormatByteSize(s.at("bytes")),
               About(s.at("rows_estimate"), s.at("rows_exact")), FormatCount(s.at("splits")),
               s.at("path")});
  }
  return Title("Sources") + table.Render();
}

// What few files have.
std::string Layout(const Json& d) {
  std::string out;
  if (d.at("encoding") != "utf-8") out += "  " + d.at("encoding").get<std::string>();
  if (d.at("skip_rows") != 0) out += "  skip " + d.at("skip_rows").dump();
  if (d.at("footer_rows").is_number() && d.at("footer_rows") != 0)
    out += "  footer " + d.at("footer_rows").dump();
  if (!d.at("comment").is_null()) out += "  comment " + d.at("comment").get<std::string>();
  if (d.at("trailing_delimiter").get<bool>()) out += "  trailing delimiter";
  if (!d.at("table").is_null()) out += "  table " + d.at("table").dump();
  return out;
}

std::string Dialects(const Json& plan) {
  std::string out;
  for (const Json& s : plan.at("sources")) {
    if (!s.contains("dialect")) continue;
    const Json& d = s.at("dialect");
    const auto shown = [](const Json& value) {
      return value.is_null() ? std::string("none") : value.get<std::string>();
    };
    const std::string file =
        s.at("name").get<std::string>() + "/" + s.at("sampled_file").get<std::string>();
    const auto rows = d.at("header_rows").get<int>();
    out += "  " + SafeText(file, false) + ": delimiter " +
           SafeText(shown(d.at("delimiter")), false) + "  quote " + shown(d.at("quote")) +
           "  escape " + shown(d.at("escape")) + "  " +
           (rows == 0   ? "no header"
            : rows == 1 ? "header"
                        : "header of " + std::to_string(rows) + " rows") +
           "  newline " + shown(d.at("newline")) + (d.at("bom").get<bool>() ? "  BOM" : "") +
           Layout(d) + "  (confidence " +
           FormatShare(static_cast<int64_t>(d.at("confidence").get<double>() * 100), 100) + ")\n";
  }
  return out.empty() ? "" : "\n" + Title("CSV dialects") + out;
}

std::string FromText(const Json& item) {
  if (item.contains("constant")) return "= " + item.at("constant").dump();
  if (item.contains("expression")) return item.at("expression");
  if (item.at("from").is_null()) return "null";
  return item.at("from").get<std::string>() +
         (item.at("found").get<bool>() ? "" : "  (not in sample)");
}

std::string Mapping(const Json& plan) {
  std::string out;
  for (const Json& s : plan.at("sources")) {
    TextTable table({{"column"}, {"type"}, {"from", Align::kLeft, 80}});
    for (const Json& item : s.at("mapping")) {
      table.Add({item.at("column"), item.at("type"), FromText(item)});
    }
    out += "\n" + Title("Columns from " + SafeText(s.at("name").get<std::string>(), false)) +
           table.Render();
    std::string unused;
    for (const Json& name : s.at("unused_columns")) {
      unused += (unused.empty() ? "" : ", ") + SafeText(name.get<std::string>(), false);
    }
    if (!unused.empty()) out += "  " + Styled(Style::kDim, "not used: " + unused) + "\n";
  }
  return out;
}

// What a run would do with a stage, and why.
std::string StageWork(const Json& stage) {
  std::string why;
  for (const Json& reason : stage.at("reasons")) {
    why += why.empty() ? "" : "; ";
    if (reason.contains("input"))
      why += "its input `" + reason.at("input").get<std::string>() + "`: ";
    why += reason.at("text").get<std::string>();
  }
  if (!stage.at("runs").get<bool>()) {
    return "nothing to do: " + FormatCounted(stage.at("rows"), "row") + " committed";
  }
  std::string work = "runs";
  if (!stage.at("splits_to_do").is_null()) {
    work = FormatCounted(stage.at("splits_to_do"), "split") + " to do, " +
           FormatCount(stage.at("splits_to_skip")) + " done already";
  }
  return work + ": " + SafeText(why, false);
}

std::string Stages(const Json& plan) {
  if (!plan.contains("stages")) return "";
  std::string out = "\n" + Title("Stages");
  for (const Json& stage : plan.at("stages")) {
    std::string inputs, operators, columns;
    for (const Json& input : stage.at("inputs")) {
      inputs += (inputs.empty() ? "" : ", ") + input.get<std::string>();
    }
    for (const Json& o : stage.at("operators")) {
      operators += (operators.empty() ? "" : " → ") + o.at("id").get<std::string>() + " (" +
                   o.at("type").get<std::string>() + ")";
    }
    for (const Json& column : stage.at("columns")) {
      columns += (columns.empty() ? "" : ", ") + column.at("name").get<std::string>() + " " +
                 column.at("type").get<std::string>();
    }
    out += "  " + Styled(Style::kBold, SafeText(stage.at("name").get<std::string>(), false)) +
           "  from " + SafeText(inputs, false) + "\n    " + SafeText(operators, false) +
           "\n    gives " + SafeText(columns, false) + "\n    " + StageWork(stage) + "\n";
  }
  return out;
}

std::string Exports(const Json& plan) {
  if (plan.at("exports").empty()) return "";
  TextTable table({{"export"},
                   {"type"},
                   {"rows", Align::kRight},
                   {"size", Align::kRight},
                   {"where", Align::kLeft, 200}});
  for (const Json& e : plan.at("exports")) {
    table.Add({e.at("name"), e.at("type"), "≤ " + FormatCount(e.at("rows_estimate")),
               "≈ " + FormatByteSize(e.at("bytes_estimate")), e.at("path")});
  }
  std::string out = "\n" + Title("Exports") + table.Render();
  for (const Json& e : plan.at("exports")) {
    if (!e.value("before_stages", false)) continue;
    return out + "  " +
           Styled(Style::kDim,
                  "rows and sizes of what leaves a stage are told before it is done:"
                  " as they come in from the sources") +
           "\n";
  }
  return out;
}

std::string FileChanges(const Json& changes, const char* key, const char* mark) {
  std::string out;
  const Json& list = changes.at(key);
  for (const Json& name : list.at("files")) {
    out += "  " + std::string(mark) + " " + SafeText(name.get<std::string>(), false) + "\n";
  }
  const auto rest = list.at("count").get<size_t>() - list.at("files").size();
  if (rest > 0) out += "  " + std::string(mark) + " and " + std::to_string(rest) + " more\n";
  return out;
}

std::string Changes(const Json& plan) {
  const Json& changes = plan.at("changes");
  std::string out = "\n" + Title("Work");
  if (changes.at("last_run").is_null()) {
    out += "  first run in this workspace\n";
  } else {
    out += "  since " + changes.at("last_run").get<std::string>() + ": " +
           (changes.at("config_changed").get<bool>() ? "the config changed, " : "") +
           FormatCounted(changes.at("unchanged"), "file") + " unchanged\n";
    out += FileChanges(changes, "new", "+") + FileChanges(changes, "changed", "~") +
           FileChanges(changes, "removed", "-");
  }
  return out + "  " + FormatCounted(changes.at("splits_to_do"), "split") + " to do, " +
         FormatCount(changes.at("splits_to_skip")) + " done already\n";
}

std::string Indented(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += "  " + line + "\n";
  return out;
}

std::string Proposals(const Json& plan) {
  std::string out;
  for (const Json& contract : plan.at("contracts")) {
    if (!contract.at("inferred").get<bool>()) continue;
    const std::string table = contract.at("table");
    out += "\n" +
           Title("Inferred contract" + (table.empty() ? "" : " of " + SafeText(table, false))) +
           Indented(SafeText(contract.at("proposal").get<std::string>()));
  }
  return out;
}

std::string Findings(const Json& plan) {
  std::string out;
  for (const Json& s : plan.at("sources")) {
    if (!s.contains("format")) continue;
    const Json& f = s.at("format");
    out += "  " + SafeText(s.at("name").get<std::string>(), false) + "  (confidence " +
           FormatShare(static_cast<int64_t>(f.at("confidence").get<double>() * 100), 100) + ")\n";
    for (const Json& reason : f.at("reasons")) {
      out += "    " + SafeText(reason.get<std::string>(), false) + "\n";
    }
    out += Indented(SafeText(f.at("declaration").get<std::string>()));
  }
  return out.empty() ? "" : "\n" + Title("Layouts told from the files") + out;
}

std::string Drifts(const Json& plan) {
  std::string out;
  for (const Json& drift : plan.at("drift")) {
    out += "  " + SafeText(drift.at("text").get<std::string>(), false) +
           (drift.at("action") == "fail" ? "  (a run fails)" : "") + "\n";
  }
  return out.empty() ? "" : "\n" + Title("Drift") + out;
}

}  // namespace

std::string RenderPlan(const std::string& json) {
  const Json plan = Json::parse(json);
  return Styled(Style::kBold, SafeText(plan.at("pipeline").get<std::string>(), false)) + "  plan " +
         plan.at("plan_id").get<std::string>() + "\n\n" + Sources(plan) + Dialects(plan) +
         Findings(plan) + Mapping(plan) + Proposals(plan) + Drifts(plan) + Stages(plan) +
         Exports(plan) + Changes(plan);
}

}  // namespace millrace::cli
