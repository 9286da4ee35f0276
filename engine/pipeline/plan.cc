// What a run would do, as JSON (spec/plan.md).
#include <arrow/api.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/reserved_columns.h"
#include "contract/binding.h"
#include "contract/drift_json.h"
#include "contract/infer.h"
#include "op/row_layout.h"
#include "pipeline/dataset_rows.h"
#include "pipeline/dialect_json.h"
#include "pipeline/drift_survey.h"
#include "pipeline/ingest_plan.h"
#include "pipeline/input_files.h"
#include "pipeline/pipeline.h"
#include "pipeline/places.h"
#include "pipeline/plan_changes.h"
#include "pipeline/source_survey.h"
#include "pipeline/stage_outlook.h"
#include "pipeline/stage_plans.h"
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

std::string TypeOf(const SourceConfig& config) {
  if (config.rest) return "rest";
  return IsFolder(config) ? "hf" : std::string(source::FormatName(config.format));
}

Json SourceJson(const SourceConfig& config, const source::FileSource& files,
                const SourceSurvey& survey, const contract::Contract& contract,
                const arrow::Schema& file_schema, int64_t splits) {
  Json json = {{"name", config.name},
               {"type", TypeOf(config)},
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
    if (!source::IsTyped(config.format)) {
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

Json StageJson(const StageConfig& stage, const op::Chain& chain, const StageOutlook& outlook) {
  Json operators = Json::array(), columns = Json::array(), reasons = Json::array();
  for (const op::Instance& instance : chain.instances()) {
    operators.push_back({{"id", instance.id},
                         {"type", instance.type->name},
                         {"kind", std::string(op::KindName(instance.op->kind()))}});
  }
  const auto working = op::WorkingSchema(*chain.stored());
  for (const auto& field : working->fields()) {
    if (IsReservedColumn(field->name())) continue;
    columns.push_back({{"name", field->name()}, {"type", contract::TypeText(*field->type())}});
  }
  for (const StageReason& reason : outlook.reasons) {
    Json item = {{"reason", reason.kind}};
    if (!reason.input.empty()) item["input"] = reason.input;
    item["text"] = reason.text;
    reasons.push_back(std::move(item));
  }
  const bool counted = outlook.splits_total >= 0;
  return {
      {"name", stage.name},
      {"inputs", stage.inputs},
      {"operators", std::move(operators)},
      {"columns", std::move(columns)},
      {"runs", outlook.runs},
      {"reasons", std::move(reasons)},
      {"splits_to_do", counted ? Json(outlook.splits_total - outlook.splits_committed) : Json()},
      {"splits_to_skip", counted ? Json(outlook.splits_committed) : Json()},
      {"rows", outlook.rows >= 0 ? Json(outlook.rows) : Json()},
  };
}

struct Estimate {
  int64_t rows = 0, text_bytes = 0;
};

/// How many rows an export has, as far as that can be told before a run.
class ExportEstimates {
 public:
  ExportEstimates(const PipelineConfig& config, const std::vector<StageOutlook>& outlooks,
                  std::map<std::string, Estimate> of_source)
      : config_(config), outlooks_(outlooks), of_source_(std::move(of_source)) {}

  Json ExportJson(const ExportConfig& e) const {
    Estimate estimate;
    if (e.stage.empty()) {
      for (const SourceConfig& source : config_.sources) {
        if (source.contract == e.contract) Add(of_source_.at(source.name), &estimate);
      }
    } else {
      estimate = OfStage(e.stage);
    }
    Json json = {{"name", e.options.name},
                 {"type", exporting::FormatName(e.options.format)},
                 {"table", e.contract},
                 {"path", ShownPlace(e.path, config_.base_dir)},
                 {"rows_estimate", estimate.rows},
                 {"bytes_estimate", OutputBytesEstimate(e, estimate.text_bytes)}};
    if (!e.stage.empty()) {
      json["stage"] = e.stage;
      json["before_stages"] = OutlookOf(e.stage).runs;
    }
    return json;
  }

 private:
  static void Add(const Estimate& more, Estimate* sum) {
    sum->rows += more.rows;
    sum->text_bytes += more.text_bytes;
  }

  const StageOutlook& OutlookOf(const std::string& stage) const {
    size_t at = 0;
    while (config_.stages[at].name != stage) ++at;
    return outlooks_[at];
  }

  // The rows that come in from its sources; of a stage that does not run, those that left it.
  Estimate OfStage(const std::string& name) const {
    const auto source = of_source_.find(name);
    if (source != of_source_.end()) return source->second;
    Estimate estimate;
    for (const StageConfig& stage : config_.stages) {
      if (stage.name != name) continue;
      for (const std::string& input : stage.inputs) Add(OfStage(input), &estimate);
    }
    const StageOutlook& outlook = OutlookOf(name);
    if (outlook.runs || estimate.rows == 0) return estimate;
    const double share = static_cast<double>(outlook.rows) / static_cast<double>(estimate.rows);
    estimate.text_bytes = std::llround(static_cast<double>(estimate.text_bytes) * share);
    estimate.rows = outlook.rows;
    return estimate;
  }

  const PipelineConfig& config_;
  const std::vector<StageOutlook>& outlooks_;
  std::map<std::string, Estimate> of_source_;
};

Result<Json> MakePlan(const PipelineConfig& config) {
  ARROW_ASSIGN_OR_RAISE(const InputFiles inputs, FindInputFiles(config));
  ARROW_ASSIGN_OR_RAISE(const TableContracts tables, ResolveContracts(config, inputs));
  ARROW_ASSIGN_OR_RAISE(const stage::IngestPlan plan, MakeIngestPlan(config, inputs, tables));
  ARROW_ASSIGN_OR_RAISE(const PlanChanges changes,
                        FindChanges(plan, config.workspace, config.storage));
  ARROW_ASSIGN_OR_RAISE(const Json drift, DriftJson(config, inputs, tables));
  ARROW_ASSIGN_OR_RAISE(const auto chains, BindStages(config, tables));
  ARROW_ASSIGN_OR_RAISE(const auto workspace,
                        OpenPlace(config.workspace, config.storage, /*private_mode=*/true));
  ARROW_ASSIGN_OR_RAISE(const auto outlooks,
                        FindStageOutlooks(config, plan, tables, chains, changes, *workspace));
  Json sources = Json::array(), stages = Json::array(), exports = Json::array();
  std::map<std::string, Estimate> of_source;
  int64_t rows = 0, bytes = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Result<SourceSurvey> survey = SurveySource(inputs[i]);
    if (!survey.ok()) return AtPlace(survey.status(), config, config.sources[i].path_span);
    ARROW_ASSIGN_OR_RAISE(const auto schema, SchemaOfRun(inputs[i], *survey, tables.OfSource(i)));
    sources.push_back(SourceJson(config.sources[i], inputs[i], *survey, tables.OfSource(i), *schema,
                                 changes.splits_of_source[i]));
    of_source[config.sources[i].name] = {survey->rows_estimate, survey->text_bytes_estimate};
    rows += survey->rows_estimate;
    bytes += survey->bytes;
  }
  for (size_t i = 0; i < config.stages.size(); ++i) {
    stages.push_back(StageJson(config.stages[i], *chains[i].chain, outlooks[i]));
  }
  const ExportEstimates estimates(config, outlooks, std::move(of_source));
  for (const ExportConfig& e : config.exports) exports.push_back(estimates.ExportJson(e));
  Json json = {{"plan_version", 1},
               {"pipeline", config.name},
               {"plan_id", PlanId(config)},
               {"config_hash", config.config_hash},
               {"sources", std::move(sources)},
               {"contracts", ContractsJson(tables)},
               {"exports", std::move(exports)},
               {"estimates", {{"rows", rows}, {"bytes", bytes}, {"splits", changes.splits_total}}},
               {"changes", ChangesJson(changes)},
               {"drift", drift}};
  if (!stages.empty()) json["stages"] = std::move(stages);
  return json;
}

}  // namespace
}  // namespace pipeline

Result<std::string> PlanPipeline(const Pipeline& pipeline) {
  ARROW_ASSIGN_OR_RAISE(const nlohmann::ordered_json plan, pipeline::MakePlan(pipeline.config()));
  return plan.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace millrace
