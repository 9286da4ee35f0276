#include "pipeline/workspace/finished_run.h"

#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <filesystem>
#include <set>

#include "contract/features.h"
#include "export/release_json.h"
#include "io/object/store_url.h"
#include "pipeline/config/loader.h"
#include "pipeline/config/tree.h"
#include "pipeline/ingested_rows.h"
#include "pipeline/pipeline.h"
#include "pipeline/places.h"
#include "pipeline/run_folder.h"
#include "pipeline/run_history.h"
#include "pipeline/table_contracts.h"
#include "pipeline/workspace/committed_rows.h"
#include "pipeline/workspace/run_report.h"
#include "pipeline/workspace/stage_folders.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct RunPlace {
  std::string workspace;  // a path or a URL
  std::string folder;     // "runs/<plan_id>.<n>"; "": the newest finished one
};

// A run's folder, a file right in it, or a workspace. Of a URL only its text can be asked.
RunPlace PlaceOfRun(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const bool url = io::IsUrl(path);
  if (!url && !path.empty()) path = fs::absolute(path).lexically_normal().string();
  std::vector<std::string> ends;
  std::string rest = path;
  for (int i = 0; i < 3; ++i) {
    const size_t slash = rest.rfind('/');
    if (slash == std::string::npos || slash == 0) break;
    ends.push_back(rest.substr(slash + 1));
    rest.resize(slash);
    if (ends.back() == "runs" && i > 0) return {rest, "runs/" + ends[ends.size() - 2]};
  }
  return {path, ""};
}

Result<std::string> NewestFinished(io::Store& workspace, const std::string& shown) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<PastRun> runs, PastRuns(workspace));
  for (const PastRun& run : runs) {
    if (run.complete) return run.folder;
  }
  return MakeError(ErrorCode::kUnreadablePath, "no run in `" + shown + "` is finished",
                   "`millrace run` finishes or resumes one, `millrace status` lists them");
}

// The folder of the config, told from where the workspace is and where the config said it would
// be; "" where that is not enough.
std::string BaseOf(const io::Store& workspace, const std::string& written) {
  const fs::path path = fs::path(written).lexically_normal();
  const std::string root = workspace.LocalPath("");
  if (root.empty() || io::IsUrl(written) || path.empty() || path.is_absolute()) return "";
  fs::path base = fs::path(root).lexically_normal();
  if (!base.has_filename()) base = base.parent_path();
  const fs::path actual = base;
  for (const fs::path& part : path) {
    if (part == ".." || part == ".") return "";
    if (!part.empty()) base = base.parent_path();
  }
  fs::path expected = (base / path).lexically_normal();
  if (!expected.has_filename()) expected = expected.parent_path();
  return expected == actual ? base.string() : "";
}

// What the run recorded, read as a config again. Without one rows can still be read. Where its
// folder is not known, relative paths stay relative.
void ReadRecordedConfig(FinishedRun::Parts& parts) {
  const auto text = parts.workspace->ReadSmall(parts.folder + "/pipeline.resolved.yaml");
  if (!text.ok()) return;
  const ConfigTree tree = ParseConfigTree(*text, "pipeline.resolved.yaml");
  const ConfigNode* workspace = tree.root.Find("workspace");
  const std::string base = workspace == nullptr ? "" : BaseOf(*parts.workspace, workspace->text);
  auto config = ParseConfig(*text, "pipeline.resolved.yaml", base, {});
  if (!config.ok()) return;
  parts.config = std::move(*config);
}

const ExportConfig* ConfigOfExport(const FinishedRun::Parts& parts, const std::string& name) {
  if (!parts.config) return nullptr;
  for (const ExportConfig& e : parts.config->exports) {
    if (e.options.name == name) return &e;
  }
  return nullptr;
}

// Where an export's releases lie; "" where that cannot be told.
std::string TargetOf(const FinishedRun::Parts& parts, const Json& of_report) {
  const ExportConfig* config = ConfigOfExport(parts, of_report.at("name"));
  if (config == nullptr) return "";
  const bool whole = io::IsUrl(config->path) || fs::path(config->path).is_absolute();
  return whole ? config->path : "";
}

std::string Joined(const std::string& place, const std::string& key) {
  return io::IsUrl(place) ? io::JoinUrl(place, key) : (fs::path(place) / key).string();
}

Json ExportJson(const FinishedRun::Parts& parts, const Json& of_report) {
  const std::string target = TargetOf(parts, of_report);
  const std::string release = of_report.at("release_id");
  Json json = {{"name", of_report.at("name")},
               {"type", of_report.at("type")},
               {"table", of_report.at("table")},
               {"release_id", release},
               {"rows", of_report.at("rows")},
               {"path", target.empty() ? Json() : Json(Joined(target, release))}};
  Json files = Json::array();
  for (const Json& file : of_report.at("files")) {
    const std::string key = release + "/" + file.at("path").get<std::string>();
    if (!target.empty()) files.push_back(Joined(target, key));
  }
  json["files"] = target.empty() ? Json() : std::move(files);
  return json;
}

Result<exporting::ExportInput> InputOfTable(const FinishedRun::Parts& parts,
                                            const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const Json* table, TableOf(parts.report, name));
  exporting::ExportInput input;
  input.store = parts.workspace;
  input.table = table->at("table");
  input.shards = FilesOf(*table, "outputs");
  if (!input.shards.empty() || !parts.config) return input;
  const auto known = KnownContracts(*parts.config);
  if (!known.ok()) return input;
  for (const contract::Contract& contract : known->contracts) {
    if (contract.name == input.table) input.schema = contract::StoredSchema(contract);
  }
  return input;
}

// Of a table whose rows stayed in the files of their sources. Other types than Parquet's are those
// of the contract, so the schema is the contract's.
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadInPlace(const FinishedRun::Parts& parts,
                                                              exporting::ExportInput input) {
  if (!parts.config) {
    return MakeError(ErrorCode::kUnreadablePath,
                     "the rows of `ingest` stayed in the files of their sources, and where these "
                     "are cannot be told from the workspace",
                     "open the run with the config that it came from");
  }
  const PipelineConfig& config = *parts.config;
  ARROW_ASSIGN_OR_RAISE(const InputFiles files, FindInputFiles(config));
  ARROW_ASSIGN_OR_RAISE(const TableContracts tables, ResolveContracts(config, files));
  for (const contract::Contract& contract : tables.contracts) {
    if (contract.name == input.table) input.schema = contract::StoredSchema(contract);
  }
  const std::string& first = input.shards.front().path;
  const size_t end = first.rfind("/data/");
  ARROW_ASSIGN_OR_RAISE(auto in_place,
                        IngestedRows(config, files, tables, parts.workspace, first.substr(0, end)));
  return ReadIngested(std::move(input), std::move(in_place));
}

Result<exporting::ExportInput> InputOfExport(const FinishedRun::Parts& parts,
                                             const std::string& name) {
  const Json& exports = parts.report.at("exports");
  const Json* found = nullptr;
  for (const Json& e : exports) {
    if (e.at("name") == name) found = &e;
  }
  if (found == nullptr) {
    return MakeError(
        ErrorCode::kUnknownReference, "the run has no export `" + name + "`",
        exports.empty() ? "it has no exports" : "its exports are " + NamesOf(exports, "name"));
  }
  const std::string type = found->at("type");
  if (type != "parquet") {
    return MakeError(ErrorCode::kBadValue,
                     "the export `" + name + "` is " + type + ": text, not columns with types",
                     "read its files, or the committed rows of its table");
  }
  const std::string target = TargetOf(parts, *found);
  if (target.empty()) {
    return MakeError(ErrorCode::kUnreadablePath,
                     "where the export `" + name + "` lies cannot be told from the workspace",
                     "open the run with the config that it came from");
  }
  const ExportConfig* config = ConfigOfExport(parts, name);
  if (!config->options.partition_by.empty()) {
    return MakeError(ErrorCode::kBadValue,
                     "the export `" + name + "` is spread over partition folders",
                     "read it with a reader of hive partitions, or read its table");
  }
  exporting::ExportInput input;
  ARROW_ASSIGN_OR_RAISE(input.store, OpenPlace(target, parts.config->storage));
  for (const Json& file : found->at("files")) {
    input.shards.push_back(FileOf(file, found->at("release_id")));
  }
  return input;
}

}  // namespace
}  // namespace pipeline

Result<std::shared_ptr<const FinishedRun>> OpenRun(const std::string& path,
                                                   const OpenRunOptions& options) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  const pipeline::RunPlace place = pipeline::PlaceOfRun(path);
  FinishedRun::Parts parts;
  if (options.pipeline && io::IsUrl(place.workspace)) {
    ARROW_ASSIGN_OR_RAISE(parts.workspace,
                          pipeline::OpenPlace(place.workspace, options.pipeline->config().storage));
  } else {
    ARROW_ASSIGN_OR_RAISE(parts.workspace, pipeline::OpenWorkspace(place.workspace));
  }
  parts.folder = place.folder;
  if (parts.folder.empty()) {
    ARROW_ASSIGN_OR_RAISE(parts.folder, pipeline::NewestFinished(*parts.workspace, path));
  }
  std::string name = "/report.json";
  ARROW_ASSIGN_OR_RAISE(bool finished, parts.workspace->Exists(parts.folder + name));
  if (!finished) {
    name = std::string("/") + pipeline::kStoppedReport;
    ARROW_ASSIGN_OR_RAISE(finished, parts.workspace->Exists(parts.folder + name));
  }
  if (!finished) {
    return MakeError(ErrorCode::kUnreadablePath, "`" + path + "` is no finished run",
                     "it has no report.json; `millrace run` finishes or resumes a run");
  }
  ARROW_ASSIGN_OR_RAISE(const std::string report, parts.workspace->ReadSmall(parts.folder + name));
  parts.report_key = parts.folder + name;
  parts.report = nlohmann::ordered_json::parse(report, nullptr, /*allow_exceptions=*/false);
  if (options.pipeline) parts.config = options.pipeline->config();
  if (!options.pipeline) pipeline::ReadRecordedConfig(parts);
  auto run = std::make_shared<const FinishedRun>(std::move(parts));
  return pipeline::FromReport([&]() -> Result<std::shared_ptr<const FinishedRun>> {
    DescribeRun(*run);
    return run;
  });
}

std::string DescribeRun(const FinishedRun& run) {
  const FinishedRun::Parts& parts = run.parts();
  nlohmann::ordered_json tables = nlohmann::ordered_json::array(), stages = tables,
                         exports = tables;
  for (const auto& table : parts.report.at("tables")) tables.push_back(table.at("table"));
  for (const auto& stage : parts.report.value("stages", nlohmann::ordered_json::array())) {
    stages.push_back(stage.at("stage"));
  }
  for (const auto& e : parts.report.at("exports")) {
    exports.push_back(pipeline::ExportJson(parts, e));
  }
  const bool stopped = parts.report.at("outcome") == "stopped";  // it has no card
  const nlohmann::ordered_json json = {
      {"folder", pipeline::PlaceOf(*parts.workspace, parts.folder)},
      {"report_json", pipeline::PlaceOf(*parts.workspace, parts.report_key)},
      {"report_html", stopped ? nlohmann::ordered_json()
                              : nlohmann::ordered_json(pipeline::PlaceOf(
                                    *parts.workspace, parts.folder + "/report.html"))},
      {"report", parts.report},
      {"tables", std::move(tables)},
      {"stages", std::move(stages)},
      {"exports", std::move(exports)}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadRunTable(const FinishedRun& run,
                                                               const std::string& table) {
  return pipeline::FromReport([&]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
    ARROW_ASSIGN_OR_RAISE(auto input, pipeline::InputOfTable(run.parts(), table));
    if (input.shards.empty() && input.schema == nullptr) {
      return MakeError(ErrorCode::kBadValue,
                       "the table has no rows, and no declared contract says what its columns are",
                       "declare the contract in the config");
    }
    if (stage::HoldReferences(input.shards)) {
      return pipeline::ReadInPlace(run.parts(), std::move(input));
    }
    return pipeline::ReadShards(std::move(input));
  });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadRunExport(const FinishedRun& run,
                                                                const std::string& name) {
  return pipeline::FromReport([&]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
    ARROW_ASSIGN_OR_RAISE(auto input, pipeline::InputOfExport(run.parts(), name));
    return pipeline::ReadShards(std::move(input));
  });
}

}  // namespace millrace
