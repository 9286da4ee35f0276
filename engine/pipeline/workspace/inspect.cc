#include <arrow/compute/initialize.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/object/store_url.h"
#include "millrace/workspace.h"
#include "pipeline/dialect_json.h"
#include "pipeline/source_survey.h"
#include "pipeline/workspace/file_profile.h"
#include "pipeline/workspace/stage_folders.h"
#include "pipeline/workspace/workspace_json.h"
#include "source/sniff_format.h"
#include "source/url_list.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

Json ColumnJson(const stage::ColumnProfile& c) {
  Json json = {{"name", c.name},
               {"type", c.type},
               {"nulls", c.nulls},
               {"distinct_estimate", c.distinct_estimate}};
  if (c.sensitive) {
    json["sensitive"] = true;
  } else {
    json["min"] = c.min;
    json["max"] = c.max;
  }
  if (c.length_max > 0) {
    json["length"] = {{"min", c.length_min},
                      {"mean", std::round(c.length_mean * 10) / 10},
                      {"max", c.length_max}};
  }
  return json;
}

Json SamplesJson(const FileProfile& profile) {
  Json samples = Json::array();
  for (const auto& row : profile.samples) {
    Json sample = Json::object();
    for (size_t i = 0; i < row.size(); ++i) {
      sample[profile.columns[i].name] = row[i].first ? Json() : Json(row[i].second);
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

// A file of the disk or of a store, without its format.
Result<source::FileSource> FindFile(const std::string& path) {
  if (io::IsUrl(path)) {
    return source::ExpandUrl("file", path, io::StorageOptions(), io::CsvOptions());
  }
  const std::filesystem::path absolute = std::filesystem::absolute(path);
  source::FileSource source;
  source.name = "file";
  source.store = io::MakeLocalStore(absolute.parent_path().string());
  ARROW_ASSIGN_OR_RAISE(io::FileInfo file, source.store->Stat(absolute.filename().string()));
  source.files.push_back(std::move(file));
  return source;
}

// The file alone, taken for CSV whatever its name is.
Result<Json> InspectDialectOf(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(source::FileSource source, FindFile(path));
  source.format = io::CsvOptions{};
  ARROW_ASSIGN_OR_RAISE(const io::SniffedCsv sniffed,
                        source::SniffDialect(source, source.files.front()));
  return Json{{"kind", "dialect"},
              {"path", path},
              {"dialect", DialectJson(sniffed)},
              {"confidence_min", io::kDialectConfidenceMin},
              {"accepted", sniffed.confidence >= io::kDialectConfidenceMin}};
}

Result<Json> InspectFile(const std::string& path, const InspectOptions& options) {
  ARROW_ASSIGN_OR_RAISE(source::FileSource source, FindFile(path));
  const io::FileInfo file = source.files.front();
  ARROW_ASSIGN_OR_RAISE(source.format, source::SniffFormat(*source.store, file.key));
  const std::string format(source::FormatName(source.format));
  if (auto* csv = std::get_if<io::CsvOptions>(&source.format)) csv->guess = true;
  source.files = {file};
  ARROW_ASSIGN_OR_RAISE(const SourceSurvey survey, SurveySource(source));
  ARROW_ASSIGN_OR_RAISE(const FileProfile profile, ProfileFile(source, file, options));
  Json json = {{"kind", "file"}, {"path", path}, {"format", format}, {"bytes", file.bytes}};
  if (format != "parquet") {
    json["compression"] = std::string(io::CompressionName(survey.compression));
  }
  if (survey.dialect) {
    json["delimiter"] = survey.dialect->dialect.delimiter;
    json["header"] = survey.dialect->dialect.header();
    json["dialect_confidence"] = std::round(survey.dialect->confidence * 100) / 100;
  }
  json["rows"] = profile.rows;
  json["whole_file"] = profile.whole;
  Json rejects = Json::array(), columns = Json::array();
  for (const auto& [reason, rows] : profile.rejects) {
    rejects.push_back({{"rule", reason.first}, {"column", reason.second}, {"rows", rows}});
  }
  for (const stage::ColumnProfile& column : profile.columns) columns.push_back(ColumnJson(column));
  json["does_not_fit"] = std::move(rejects);
  json["columns"] = std::move(columns);
  json["samples"] = SamplesJson(profile);
  return json;
}

Result<Json> InspectWorkspace(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto store, OpenWorkspace(path));
  ARROW_ASSIGN_OR_RAISE(Json runs, RunsJson(*store));
  ARROW_ASSIGN_OR_RAISE(Json stages, StagesJson(*store));
  Json json = {{"kind", "workspace"}, {"path", path}};
  json["active"] = runs["active"];
  json["runs"] = std::move(runs["runs"]);
  json["stages"] = std::move(stages);
  if (runs.contains("snapshots")) json["snapshots"] = std::move(runs["snapshots"]);
  return json;
}

}  // namespace
}  // namespace pipeline

Result<std::string> Inspect(const std::string& path, const InspectOptions& options) {
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
  std::error_code error;
  if (!io::IsUrl(path) && !std::filesystem::exists(path, error)) {
    return MakeError(ErrorCode::kUnreadablePath, "there is no file or folder `" + path + "`");
  }
  // Of a URL only its end can tell a workspace from a file without asking.
  const bool folder =
      io::IsUrl(path) ? path.back() == '/' : std::filesystem::is_directory(path, error);
  ARROW_ASSIGN_OR_RAISE(const pipeline::Json json, folder ? pipeline::InspectWorkspace(path)
                                                          : pipeline::InspectFile(path, options));
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<std::string> InspectDialect(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return MakeError(ErrorCode::kUnreadablePath, "there is no file `" + path + "`");
  }
  ARROW_ASSIGN_OR_RAISE(const pipeline::Json json, pipeline::InspectDialectOf(path));
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace millrace
