// What a run would do, as JSON (spec/plan.md).
#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "contract/binding.h"
#include "contract/drift_json.h"
#include "contract/infer.h"
#include "pipeline/dialect_json.h"
#include "pipeline/drift_survey.h"
#include "pipeline/ingest_plan.h"
#include "pipeline/input_files.h"
#include "pipeline/pipeline.h"
#include "pipeline/places.h"
#include "pipeline/plan_changes.h"
#include "pipeline/source_survey.h"
#include "pipeline/table_contracts.h"
#include "source/sniff_format.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

// Lists of files are cut here; their counts are whole.
constexpr size_t kFilesListed = 50;

// The types that values show; JSONL's file schema holds text only.
Json SchemaJson(const SourceSurvey& survey) {
  Json schema = Json::array();
  for (const contract::Column& column : survey.inferred.columns) {
    schema.push_back({{"name", column.name}, {"type", column.type_text}});
  }
  return schema;
}

Json MappingOf(const contract::Column& column, const std::string& source,
               const arrow::Schema& schema, bool text_paths) {
  Json item = {{"column", column.name}, {"type", column.type_text}};
  const contract::ColumnFrom* from = contract::FromOf(column, source);
  if (from != nullptr && from->constant) {
    item["constant"] = column.sensitive ? "***" : *from->constant;
  } else if (from != nullptr && !from->expression.empty()) {
    item["expression"] = from->expression;
  } else {
    const std::string path = from == nullptr || from->path.empty() ? column.name : from->path;
    const std::string first = text_paths ? path.substr(0, path.find_first_of(".[")) : path;
    const bool found = schema.GetFieldIndex(first) >= 0 || schema.GetFieldIndex(path) >= 0;
    // Other sources say where they have it: this one gives null.
    const bool nowhere = from == nullptr && !column.from.empty() && !found;
    item["from"] = nowhere ? Json() : Json(path);
    item["found"] = found;
  }
  return item;
}

Json SourceJson(const SourceConfig& config, const source::FileSource& files,
                const SourceSurvey& survey, const contract::Contract& contract,
                const arrow::Schema& file_schema, int64_t splits) {
  Json json = {{"name", config.name},
               {"type", config.rest ? "rest" : std::string(source::FormatName(config.format))},
               {"path", config.rest ? config.rest->shown_url : config.path},
               {"table", contract.name},
               {"files", survey.files},
               {"bytes", survey.bytes},
               {"splits", splits},
               {"rows_estimate", survey.rows_estimate},
               {"rows_exact", survey.rows_exact}};
  if (config.rest) {
    json["snapshot"] = files.snapshot.empty() ? Json() : Json(files.snapshot);
  }
  if (!survey.sampled_file.empty()) {
    json["sampled_file"] = survey.sampled_file;
    if (!std::holds_alternative<io::ParquetReadOptions>(config.format)) {
      json["compression"] = std::string(io::CompressionName(survey.compression));
    }
  }
  if (survey.dialect) json["dialect"] = DialectJson(*survey.dialect);
  if (!survey.findings.reasons.empty()) {
    json["format"] = {{"confidence", std::round(survey.findings.confidence * 100) / 100},
                      {"reasons", survey.findings.reasons},
                      {"declaration", survey.findings.declaration}};
  }
  json["schema"] = SchemaJson(survey);
  Json mapping = Json::array();
  for (const contract::Column& column : contract.columns) {
    mapping.push_back(MappingOf(column, config.name, file_schema,
                                std::holds_alternative<io::JsonlOptions>(config.format)));
  }
  json["mapping"] = std::move(mapping);
  json["unused_columns"] = contract::UnknownColumnsOf(contract, config.name, file_schema);
  return json;
}

Json ContractsJson(const TableContracts& tables) {
  Json list = Json::array();
  for (const contract::Contract& contract : tables.contracts) {
    Json item = {{"table", contract.name},
                 {"version", contract.version},
                 {"inferred", contract.inferred},
                 {"columns", contract.columns.size()}};
    if (contract.inferred) item["proposal"] = contract::ContractYaml(contract);
    list.push_back(std::move(item));
  }
  return list;
}

// Zstd Parquet of typical tables takes about a third of their text; JSON repeats the names.
int64_t OutputBytesEstimate(const ExportConfig& config, int64_t text_bytes) {
  const double share = config.options.format == exporting::Format::kParquet              ? 0.35
                       : config.options.compression == exporting::TextCompression::kNone ? 1.3
                                                                                         : 0.35;
  return std::llround(static_cast<double>(text_bytes) * share);
}

Json FileListJson(const std::vector<std::string>& files) {
  const auto cut = static_cast<std::ptrdiff_t>(std::min(files.size(), kFilesListed));
  return {{"count", files.size()},
          {"files", std::vector<std::string>(files.begin(), files.begin() + cut)}};
}

Json ChangesJson(const PlanChanges& changes) {
  Json json = {{"last_run", changes.last_run.empty() ? Json() : Json(changes.last_run)}};
  if (!changes.last_run.empty()) {
    json["config_changed"] = changes.config_changed;
    json["new"] = FileListJson(changes.new_files);
    json["changed"] = FileListJson(changes.changed_files);
    json["removed"] = FileListJson(changes.removed_files);
    json["unchanged"] = changes.unchanged_files;
  }
  json["splits_to_do"] = changes.splits_total - changes.splits_committed;
  json["splits_to_skip"] = changes.splits_committed;
  return json;
}

// Of the sampled file, as a run would open it.
Result<std::shared_ptr<arrow::Schema>> SchemaOfRun(const source::FileSource& source,
                                                   const SourceSurvey& survey,
                                                   const contract::Contract& contract) {
  for (const io::FileInfo& file : source.files) {
    if (file.key != survey.sampled_file) continue;
    ARROW_ASSIGN_OR_RAISE(const auto binding, contract::Bind(contract, source.name));
    return SchemaOfFile(source, file, binding->projection().fields);
  }
  return survey.schema;
}

// Between files, then since the last run; what the contract allows is left out.
Result<Json> DriftJson(const PipelineConfig& config, const InputFiles& inputs,
                       const TableContracts& tables) {
  ARROW_ASSIGN_OR_RAISE(const auto shapes, SurveyShapes(config, inputs, tables));
  ARROW_ASSIGN_OR_RAISE(const auto workspace,
                        OpenPlace(config.workspace, config.storage, /*private_mode=*/true));
  ARROW_ASSIGN_OR_RAISE(const LastShapes last, ReadLastShapes(*workspace, config.name));
  std::vector<contract::Drift> drifts = DriftBetweenFiles(config, inputs, shapes);
  for (contract::Drift& drift : DriftSince(last, config, shapes)) drifts.push_back(drift);
  Json json = contract::DriftToJson(drifts);
  for (size_t i = 0; i < drifts.size(); ++i) json[i]["text"] = DriftLine(drifts[i]);
  return json;
}

Result<Json> MakePlan(const PipelineConfig& config) {
  ARROW_ASSIGN_OR_RAISE(const InputFiles inputs, FindInputFiles(config));
  ARROW_ASSIGN_OR_RAISE(const TableContracts tables, ResolveContracts(config, inputs));
  ARROW_ASSIGN_OR_RAISE(const stage::IngestPlan plan, MakeIngestPlan(config, inputs, tables));
  ARROW_ASSIGN_OR_RAISE(const PlanChanges changes,
                        FindChanges(plan, config.workspace, config.storage));
  ARROW_ASSIGN_OR_RAISE(const Json drift, DriftJson(config, inputs, tables));
  Json sources = Json::array(), exports = Json::array();
  std::map<std::string, std::pair<int64_t, int64_t>> of_table;  // rows, text bytes
  int64_t rows = 0, bytes = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Result<SourceSurvey> survey = SurveySource(inputs[i]);
    if (!survey.ok()) return AtPlace(survey.status(), config, config.sources[i].path_span);
    ARROW_ASSIGN_OR_RAISE(const auto schema, SchemaOfRun(inputs[i], *survey, tables.OfSource(i)));
    sources.push_back(SourceJson(config.sources[i], inputs[i], *survey, tables.OfSource(i), *schema,
                                 changes.splits_of_source[i]));
    auto& table = of_table[tables.OfSource(i).name];
    table.first += survey->rows_estimate;
    table.second += survey->text_bytes_estimate;
    rows += survey->rows_estimate;
    bytes += survey->bytes;
  }
  for (const ExportConfig& e : config.exports) {
    const auto& table = of_table[e.contract];
    exports.push_back({{"name", e.options.name},
                       {"type", exporting::FormatName(e.options.format)},
                       {"table", e.contract},
                       {"path", ShownPlace(e.path, config.base_dir)},
                       {"rows_estimate", table.first},
                       {"bytes_estimate", OutputBytesEstimate(e, table.second)}});
  }
  return Json{{"plan_version", 1},
              {"pipeline", config.name},
              {"plan_id", PlanId(config)},
              {"config_hash", config.config_hash},
              {"sources", std::move(sources)},
              {"contracts", ContractsJson(tables)},
              {"exports", std::move(exports)},
              {"estimates", {{"rows", rows}, {"bytes", bytes}, {"splits", changes.splits_total}}},
              {"changes", ChangesJson(changes)},
              {"drift", drift}};
}

}  // namespace
}  // namespace pipeline

Result<std::string> PlanPipeline(const Pipeline& pipeline) {
  ARROW_ASSIGN_OR_RAISE(const nlohmann::ordered_json plan, pipeline::MakePlan(pipeline.config()));
  return plan.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace millrace
