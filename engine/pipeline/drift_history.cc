// What drift is compared with: written by a run, read by the next.
#include "contract/drift_json.h"
#include "pipeline/drift_survey.h"
#include "pipeline/run_history.h"
#include "pipeline/stored_json.h"

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;

void ReadTables(const Json& report, LastShapes* last) {
  for (const Json& table : ItemsOf(report, "tables")) {
    std::vector<stage::ColumnProfile> columns;
    for (const Json& column : ItemsOf(table, "columns")) {
      stage::ColumnProfile profile;
      profile.name = TextOf(column, "name");
      profile.rows = NumberOf(column, "rows");
      profile.nulls = NumberOf(column, "nulls");
      profile.distinct_estimate = NumberOf(column, "distinct_estimate");
      columns.push_back(std::move(profile));
    }
    last->tables.emplace_back(TextOf(table, "table"), std::move(columns));
  }
}

}  // namespace

Result<LastShapes> ReadLastShapes(io::Store& workspace, const std::string& pipeline) {
  LastShapes last;
  ARROW_ASSIGN_OR_RAISE(const std::vector<PastRun> runs, PastRuns(workspace));
  for (const PastRun& run : runs) {
    if (!run.complete) continue;
    ARROW_ASSIGN_OR_RAISE(const Json report,
                          ReadStoredJson(workspace, run.folder + "/report.json"));
    if (report.is_null() || TextOf(report, "pipeline") != pipeline) continue;
    last.run = run.folder;
    ReadTables(report, &last);
    ARROW_ASSIGN_OR_RAISE(const Json shapes,
                          ReadStoredJson(workspace, run.folder + "/shapes.json"));
    if (shapes.is_null()) break;  // of a version that did not write it
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
