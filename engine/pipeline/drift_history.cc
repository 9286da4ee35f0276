// What drift is compared with: written by a run, read by the next.
#include <nlohmann/json.hpp>

#include "contract/drift_json.h"
#include "pipeline/drift_survey.h"
#include "pipeline/run_history.h"

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;

Result<Json> ReadJson(io::Store& store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const bool there, store.Exists(key));
  if (!there) return Json();
  ARROW_ASSIGN_OR_RAISE(const std::string text, store.ReadSmall(key));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json() : json;
}

void ReadTables(const Json& report, LastShapes* last) {
  for (const Json& table : report.value("tables", Json::array())) {
    std::vector<stage::ColumnProfile> columns;
    for (const Json& column : table.value("columns", Json::array())) {
      stage::ColumnProfile profile;
      profile.name = column.value("name", "");
      profile.rows = column.value("rows", int64_t{0});
      profile.nulls = column.value("nulls", int64_t{0});
      profile.distinct_estimate = column.value("distinct_estimate", int64_t{0});
      columns.push_back(std::move(profile));
    }
    last->tables.emplace_back(table.value("table", ""), std::move(columns));
  }
}

}  // namespace

Result<LastShapes> ReadLastShapes(io::Store& workspace, const std::string& pipeline) {
  LastShapes last;
  ARROW_ASSIGN_OR_RAISE(const std::vector<PastRun> runs, PastRuns(workspace));
  for (const PastRun& run : runs) {
    if (!run.complete) continue;
    ARROW_ASSIGN_OR_RAISE(const Json report, ReadJson(workspace, run.folder + "/report.json"));
    if (!report.is_object() || report.value("pipeline", "") != pipeline) continue;
    last.run = run.folder;
    ReadTables(report, &last);
    ARROW_ASSIGN_OR_RAISE(const Json shapes, ReadJson(workspace, run.folder + "/shapes.json"));
    if (!shapes.is_object()) break;  // of a version that did not write it
    for (const auto& [name, json] : shapes.items()) {
      const auto shape = contract::ShapeFromJson(json);
      if (shape) last.sources.emplace_back(name, *shape);
    }
    break;
  }
  return last;
}

std::string ShapesText(const PipelineConfig& config, const std::vector<SourceShapes>& shapes) {
  Json json = Json::object();
  for (size_t i = 0; i < shapes.size(); ++i) {
    json[config.sources[i].name] = contract::ShapeToJson(shapes[i].whole);
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace millrace::pipeline
