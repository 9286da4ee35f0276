#include "pipeline/workspace/workspace_json.h"

#include "millrace/workspace.h"
#include "pipeline/run_history.h"
#include "pipeline/stored_json.h"
#include "pipeline/workspace/snapshots_json.h"
#include "pipeline/workspace/stage_folders.h"
#include "stage/workspace_lock.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

// Of a complete run: who it was and what became of its rows.
void AddReport(io::Store& store, const PastRun& run, Json& json) {
  const Result<Json> stored = ReadStoredJson(store, run.folder + "/report.json");
  if (!stored.ok() || stored->is_null()) return;
  const Json& report = *stored;
  const std::string outcome = TextOf(report, "outcome");
  json["pipeline"] = TextOf(report, "pipeline");
  json["run_id"] = TextOf(report, "run_id");
  if (outcome == "reject_budget_spent") {
    json["state"] = "over budget";
    json["rows_rejected"] = NumberOf(MemberOf(report, "budget"), "rejected");
    return;
  }
  if (outcome == "model_contract_unmet") json["state"] = "not fit";
  const Json& rows = MemberOf(report, "rows");
  json["rows_read"] = NumberOf(rows, "read");
  json["rows_written"] = NumberOf(rows, "written");
  json["rows_rejected"] = NumberOf(rows, "rejected");
  Json exports = Json::array();
  for (const Json& e : ItemsOf(report, "exports")) {
    exports.push_back({{"name", TextOf(e, "name")},
                       {"path", TextOf(e, "path")},
                       {"release_id", TextOf(e, "release_id")},
                       {"rows", NumberOf(e, "rows")}});
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
