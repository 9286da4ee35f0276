#include <nlohmann/json.hpp>

#include "millrace/pipeline.h"

namespace millrace {
namespace {

using Json = nlohmann::ordered_json;

std::string Label(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

Json ReasonJson(const RejectReason& r) {
  return {{"source", r.source},
          {"instance", r.instance},
          {"rule", r.rule},
          {"column", r.column},
          {"rows", r.rows}};
}

Json StageJson(const RunResult::Stage& s) {
  Json operators = Json::array();
  for (const RunResult::Operator& o : s.operators) {
    operators.push_back({{"id", o.id},
                         {"type", o.type},
                         {"reached", o.reached},
                         {"dropped", o.dropped},
                         {"tagged", o.tagged},
                         {"refined", o.refined},
                         {"expanded", o.expanded},
                         {"derived", o.derived}});
  }
  return {{"name", s.name},
          {"rows_read", s.rows_read},
          {"rows_derived", s.rows_derived},
          {"rows_written", s.rows_written},
          {"rows_rejected", s.rows_rejected},
          {"rows_expanded", s.rows_expanded},
          {"rows_not_drawn", s.rows_not_drawn},
          {"operators", std::move(operators)}};
}

void AddMetric(std::string& out, const std::string& name, const std::string& help,
               const std::vector<std::pair<std::string, std::string>>& values) {
  out += "# HELP " + name + " " + help + "\n# TYPE " + name + " gauge\n";
  for (const auto& [labels, value] : values) {
    out += name + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
  }
}

}  // namespace

std::string RunResult::ToJson() const {
  Json sources_json = Json::array(), rejects_json = Json::array(), exports_json = Json::array();
  for (const Source& s : sources) {
    sources_json.push_back({{"name", s.name},
                            {"rows_read", s.rows_read},
                            {"rows_written", s.rows_written},
                            {"rows_rejected", s.rows_rejected}});
  }
  for (const RejectReason& r : rejects) rejects_json.push_back(ReasonJson(r));
  Json nulled_json = Json::array();
  for (const NulledReason& n : nulled) {
    nulled_json.push_back(
        {{"source", n.source}, {"rule", n.rule}, {"column", n.column}, {"values", n.values}});
  }
  for (const Export& e : exports) {
    Json item = {
        {"name", e.name}, {"type", e.type},   {"path", e.path},   {"release_id", e.release_id},
        {"rows", e.rows}, {"files", e.files}, {"bytes", e.bytes}, {"existed", e.existed}};
    if (e.type == "prompts") {
      Json reasons = Json::array();
      for (const RejectReason& r : e.rejects) reasons.push_back(ReasonJson(r));
      item["rows_rejected"] = e.rows_rejected;
      item["rejects"] = std::move(reasons);
    }
    exports_json.push_back(std::move(item));
  }
  Json stages_json = Json::array();
  for (const Stage& s : stages) stages_json.push_back(StageJson(s));
  Json json = {{"ok", true},
               {"pipeline", pipeline},
               {"run_id", run_id},
               {"run_folder", run_folder},
               {"report_json", report_json_path.empty() ? Json() : Json(report_json_path)},
               {"report_html", report_html_path.empty() ? Json() : Json(report_html_path)},
               {"rows_read", rows_read},
               {"rows_written", rows_written},
               {"rows_rejected", rows_rejected},
               {"sources", std::move(sources_json)},
               {"rejects", std::move(rejects_json)},
               {"nulled", std::move(nulled_json)},
               {"drift", drift},
               {"exports", std::move(exports_json)},
               {"proposed_contracts", proposed_contracts},
               {"splits_total", splits_total},
               {"splits_done", splits_done},
               {"splits_skipped", splits_skipped},
               {"seconds", seconds}};
  if (!until.empty()) json["until"] = until;
  if (splits_taken_over > 0) json["splits_taken_over"] = splits_taken_over;
  if (!stages.empty()) json["stages"] = std::move(stages_json);
  if (!model.empty()) {
    Json list = Json::array();
    for (const Requirement& r : requirements) {
      list.push_back({{"id", r.id},
                      {"statement", r.statement},
                      {"met", r.met},
                      {"measured", r.measured},
                      {"threshold", r.threshold}});
    }
    json["model_contract"] = {{"model", model}, {"requirements", std::move(list)}};
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string RunResult::ToMetrics() const {
  using Values = std::vector<std::pair<std::string, std::string>>;
  std::string out;
  Values requirement_values;
  for (const Requirement& r : requirements) {
    requirement_values.emplace_back("requirement=\"" + Label(r.id) + "\"", r.met ? "1" : "0");
  }
  Values read, written, rejected, reasons, nulled_values, export_rows, export_bytes;
  for (const Source& s : sources) {
    const std::string label = "source=\"" + Label(s.name) + "\"";
    read.emplace_back(label, std::to_string(s.rows_read));
    written.emplace_back(label, std::to_string(s.rows_written));
    rejected.emplace_back(label, std::to_string(s.rows_rejected));
  }
  for (const RejectReason& r : rejects) {
    reasons.emplace_back("source=\"" + Label(r.source) + "\",rule=\"" + Label(r.rule) +
                             "\",column=\"" + Label(r.column) + "\"",
                         std::to_string(r.rows));
  }
  for (const NulledReason& n : nulled) {
    nulled_values.emplace_back("source=\"" + Label(n.source) + "\",rule=\"" + Label(n.rule) +
                                   "\",column=\"" + Label(n.column) + "\"",
                               std::to_string(n.values));
  }
  for (const Export& e : exports) {
    const std::string label = "export=\"" + Label(e.name) + "\"";
    export_rows.emplace_back(label, std::to_string(e.rows));
    export_bytes.emplace_back(label, std::to_string(e.bytes));
  }
  AddMetric(out, "millrace_rows_read", "Rows read from a source.", read);
  AddMetric(out, "millrace_rows_written", "Rows of a source that were written.", written);
  AddMetric(out, "millrace_rows_rejected", "Rows of a source that were rejected.", rejected);
  Values stage_rows;
  for (const Stage& s : stages) {
    const std::string label = "stage=\"" + Label(s.name) + "\",term=";
    for (const auto& [term, rows] :
         std::vector<std::pair<const char*, int64_t>>{{"read", s.rows_read},
                                                      {"derived", s.rows_derived},
                                                      {"written", s.rows_written},
                                                      {"rejected", s.rows_rejected},
                                                      {"expanded", s.rows_expanded},
                                                      {"not_drawn", s.rows_not_drawn}}) {
      stage_rows.emplace_back(label + '"' + term + '"', std::to_string(rows));
    }
  }
  if (!stages.empty()) AddMetric(out, "millrace_stage_rows", "Rows of a stage.", stage_rows);
  AddMetric(out, "millrace_rejects", "Rejected rows by rule and column.", reasons);
  AddMetric(out, "millrace_values_nulled", "Values that on_error: set_null took out.",
            nulled_values);
  AddMetric(out, "millrace_export_rows", "Rows of an export's release.", export_rows);
  AddMetric(out, "millrace_export_bytes", "Bytes of an export's release.", export_bytes);
  if (!model.empty()) {
    AddMetric(out, "millrace_requirement_met", "1: the model's requirement is met.",
              requirement_values);
  }
  AddMetric(out, "millrace_splits", "Splits of the run.",
            {{"state=\"done\"", std::to_string(splits_done)},
             {"state=\"skipped\"", std::to_string(splits_skipped)}});
  AddMetric(out, "millrace_run_seconds", "How long the run took.", {{"", std::to_string(seconds)}});
  AddMetric(out, "millrace_run_success", "1: the run ended well.", {{"", "1"}});
  return out;
}

}  // namespace millrace
