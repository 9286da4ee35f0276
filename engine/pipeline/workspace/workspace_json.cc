#include "pipeline/workspace/workspace_json.h"

#include "millrace/workspace.h"
#include "pipeline/run_history.h"
#include "pipeline/workspace/snapshots_json.h"
#include "pipeline/workspace/stage_folders.h"
#include "stage/workspace_lock.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

// Of a complete run: who it was and what became of its rows.
void AddReport(io::Store& store, const PastRun& run, Json& json) {
  const Result<std::string> text = store.ReadSmall(run.folder + "/report.json");
  const Json report = text.ok() ? Json::parse(*text, nullptr, false) : Json();
  if (!report.is_object()) return;
  json["pipeline"] = report.value("pipeline", "");
  json["run_id"] = report.value("run_id", "");
  const Json rows = report.value("rows", Json::object());
  if (report.value("outcome", "") == "reject_budget_spent") {
    const Json budget = report.value("budget", Json::object());
    json["state"] = "over budget";
    json["rows_rejected"] = budget.value("rejected", int64_t{0});
    return;
  }
  if (report.value("outcome", "") == "model_contract_unmet") json["state"] = "not fit";
  json["rows_read"] = rows.value("read", 0);
  json["rows_written"] = rows.value("written", 0);
  json["rows_rejected"] = rows.value("rejected", 0);
  Json exports = Json::array();
  for (const Json& e : report.value("exports", Json::array())) {
    exports.push_back({{"name", e.value("name", "")},
                       {"path", e.value("path", "")},
                       {"release_id", e.value("release_id", "")},
                       {"rows", e.value("rows", 0)}});
  }
  json["exports"] = std::move(exports);
}

}  // namespace

Result<Json> RunsJson(io::Store& workspace) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<PastRun> runs, PastRuns(workspace));
  const auto lock = stage::LockWorkspace(workspace, /*wait=*/false, nullptr);
  const bool active = !lock.ok() && CodeOf(lock.status()) == ErrorCode::kWorkspaceBusy;
  Json list = Json::array();
  for (size_t i = 0; i < runs.size(); ++i) {
    const PastRun& run = runs[i];
    const char* state = run.complete ? "complete" : active && i == 0 ? "active" : "resumable";
    Json json = {{"run", run.folder}, {"state", state}, {"attempts", run.attempts}};
    AddReport(workspace, run, json);
    if (!run.complete) {
      json["last_event"] = run.last_event;
      if (!run.last_stage.empty()) json["stage"] = run.last_stage;
      if (run.last_event == "attempt_stopped") json["state"] = "stopped";
      if (active && i == 0 && !run.last_stage.empty()) {
        json["splits_done"] = run.splits_done;
        json["splits_total"] = run.splits_total;
      }
      if (!run.last_message.empty()) json["message"] = run.last_message;
    }
    list.push_back(std::move(json));
  }
  Json json = {{"active", active}, {"runs", std::move(list)}};
  ARROW_ASSIGN_OR_RAISE(Json snapshots, SnapshotsJson(workspace));
  if (!snapshots.empty()) json["snapshots"] = std::move(snapshots);
  return json;
}

Result<Json> StagesJson(io::Store& workspace) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<StageFolder> stages, ReadStageFolders(workspace));
  Json list = Json::array();
  for (const StageFolder& stage : stages) {
    int64_t bytes = 0;
    for (const io::FileInfo& file : stage.present) bytes += file.bytes;
    Json tables = Json::array();
    for (const stage::Manifest& m : stage.manifests) {
      Json columns = Json::array();
      for (const stage::ColumnProfile& c : m.profiles) {
        columns.push_back({{"name", c.name}, {"type", c.type}, {"nulls", c.nulls}});
      }
      tables.push_back({{"table", m.table},
                        {"stage", m.stage},
                        {"pipeline", m.pipeline},
                        {"rows_read", m.rows.read},
                        {"rows_written", m.rows.written},
                        {"rows_rejected", m.rows.rejected},
                        {"files", m.outputs.size()},
                        {"columns", std::move(columns)}});
    }
    list.push_back({{"folder", stage.folder}, {"bytes", bytes}, {"tables", std::move(tables)}});
  }
  return list;
}

}  // namespace pipeline

Result<std::string> WorkspaceStatus(const std::string& workspace) {
  ARROW_ASSIGN_OR_RAISE(const auto store, pipeline::OpenWorkspace(workspace));
  ARROW_ASSIGN_OR_RAISE(const auto runs, pipeline::RunsJson(*store));
  return runs.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace millrace
