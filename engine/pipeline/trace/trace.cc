// What became of rows in the last finished run of a config (spec/trace.md).
#include "millrace/trace.h"

#include <arrow/api.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/reserved_columns.h"
#include "contract/binding.h"
#include "contract/features.h"
#include "expr/expression.h"
#include "op/row_layout.h"
#include "pipeline/ingested_rows.h"
#include "pipeline/input_files.h"
#include "pipeline/pipeline.h"
#include "pipeline/places.h"
#include "pipeline/run_history.h"
#include "pipeline/stage_plans.h"
#include "pipeline/table_contracts.h"
#include "pipeline/trace/row_search.h"
#include "pipeline/trace/source_record.h"
#include "pipeline/trace/stage_trace.h"
#include "stage/manifest_json.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kRecordBytesShown = 1000;
constexpr size_t kRowsFollowed = 20;  // of one: what generators and epochs make of it

/// A stage that is done: its manifest and where that lies.
struct DoneStage {
  stage::Manifest manifest;
  std::string folder;
};

// "web/a.jsonl#12/chunk.0@1" -> "web/a.jsonl#12": the record that it was read from.
std::string RecordOf(const std::string& id) {
  size_t at = id.rfind('#');
  if (at == std::string::npos) return id;
  ++at;
  while (at < id.size() && id[at] >= '0' && id[at] <= '9') ++at;
  return id.substr(0, at);
}

std::string TextAt(const arrow::RecordBatch& rows, const char* column) {
  const auto values = rows.GetColumnByName(column);
  if (values == nullptr || values->IsNull(0)) return "";
  return std::string(static_cast<const arrow::BinaryArray&>(*values).GetView(0));
}

std::string IdOf(const arrow::RecordBatch& rows, int64_t row) {
  const auto& ids =
      static_cast<const arrow::StringArray&>(*rows.GetColumnByName(std::string(kRowIdColumn)));
  return ids.GetString(row);
}

class Tracer {
 public:
  explicit Tracer(const PipelineConfig& config) : config_(config) {}

  Status Open() {
    ARROW_ASSIGN_OR_RAISE(store_,
                          OpenPlace(config_.workspace, config_.storage, /*private_mode=*/true));
    ARROW_ASSIGN_OR_RAISE(inputs_, FindInputFiles(config_));
    ARROW_ASSIGN_OR_RAISE(tables_, ResolveContracts(config_, inputs_));
    ARROW_ASSIGN_OR_RAISE(chains_, BindStages(config_, tables_));
    ARROW_RETURN_NOT_OK(ReadRun());
    const std::string folder = tables_done_.empty() ? "" : tables_done_.begin()->second.folder;
    ARROW_ASSIGN_OR_RAISE(auto in_place, IngestedRows(config_, inputs_, tables_, store_, folder));
    rows_.emplace(*store_, std::move(in_place));
    return Status::OK();
  }

  Result<Json> Trace(const TraceOptions& options) {
    std::vector<std::string> ids = options.row_ids;
    if (!options.where.empty()) {
      ARROW_ASSIGN_OR_RAISE(ids, FindWhere(options.where, options.rows_max));
    }
    Json rows = Json::array();
    for (const std::string& id : ids) {
      ARROW_ASSIGN_OR_RAISE(rows.emplace_back(), TraceRow(id));
    }
    return Json{{"pipeline", config_.name}, {"run", run_}, {"rows", std::move(rows)}};
  }

 private:
  Status ReadRun() {
    ARROW_ASSIGN_OR_RAISE(const std::vector<PastRun> runs, PastRuns(*store_));
    for (const PastRun& run : runs) {
      if (!run.complete || run.plan_id != PlanId(config_)) continue;
      ARROW_ASSIGN_OR_RAISE(const std::string text, store_->ReadSmall(run.folder + "/report.json"));
      report_ = Json::parse(text, nullptr, false);
      if (!report_.is_object() || report_.value("outcome", "") != "done") continue;
      run_ = run.folder;
      for (const Json& table : report_.at("tables")) {
        ARROW_ASSIGN_OR_RAISE(tables_done_[table.at("table")], ReadStage(table.at("manifest")));
      }
      for (const Json& stage : report_.value("stages", Json::array())) {
        ARROW_ASSIGN_OR_RAISE(stages_done_[stage.at("stage")], ReadStage(stage.at("manifest")));
      }
      return Status::OK();
    }
    return MakeError(ErrorCode::kUnreadablePath,
                     "no run of this config has finished in its workspace",
                     "`millrace run` it first");
  }

  Result<DoneStage> ReadStage(const std::string& key) const {
    ARROW_ASSIGN_OR_RAISE(const std::string text, store_->ReadSmall(key));
    DoneStage done;
    ARROW_ASSIGN_OR_RAISE(done.manifest, stage::ManifestFromJson(text, key));
    done.folder = key.substr(0, key.rfind('/'));
    return done;
  }

  Result<std::vector<std::string>> FindWhere(const std::string& where, int64_t rows_max) const {
    ARROW_ASSIGN_OR_RAISE(const auto expression, expr::Expression::Parse(where));
    std::vector<std::string> ids;
    for (const auto& [name, table] : tables_done_) {
      const auto stored = contract::StoredSchema(*ContractOf(name));
      ARROW_RETURN_NOT_OK(expression.CheckPredicate(*stored));
      for (const io::DataFile& data : table.manifest.outputs) {
        io::DataFile file = data;
        file.path = table.folder + '/' + data.path;
        ARROW_ASSIGN_OR_RAISE(const auto rows, rows_->Open(file, stored->field_names()));
        for (;;) {
          ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
          if (batch == nullptr) break;
          ARROW_ASSIGN_OR_RAISE(const expr::Evaluation found, expression.Evaluate(*batch));
          const auto& values = static_cast<const arrow::BooleanArray&>(*found.values);
          for (int64_t row = 0; row < values.length(); ++row) {
            if (values.IsNull(row) || !values.Value(row)) continue;
            ids.push_back(IdOf(*batch, row));
            if (static_cast<int64_t>(ids.size()) == rows_max) return ids;
          }
        }
      }
    }
    if (!ids.empty()) return ids;
    return MakeError(ErrorCode::kUsage, "there is no row that the expression is true of",
                     "it is held against the rows as they were ingested");
  }

  const contract::Contract* ContractOf(const std::string& table) const {
    for (const contract::Contract& contract : tables_.contracts) {
      if (contract.name == table) return &contract;
    }
    return nullptr;
  }

  const SourceConfig* SourceOf(const std::string& id) const {
    for (const SourceConfig& source : config_.sources) {
      if (id.rfind(source.name + '/', 0) == 0) return &source;
    }
    return nullptr;
  }

  Status NoRow(const std::string& id, const SourceConfig* source) const {
    std::vector<std::string> names;
    for (const SourceConfig& one : config_.sources) names.push_back(one.name);
    std::string suggestion = "a row id is `<source>/<path>#<ordinal>`, as __fdf__/row_id has it";
    if (source == nullptr) {
      const std::string close = DidYouMean(id.substr(0, id.find('/')), names);
      if (!close.empty()) suggestion = close;
    }
    return MakeError(ErrorCode::kUsage, "the run has read no row `" + id + "`", suggestion);
  }

  Result<Json> TraceRow(const std::string& id) {
    const std::string record = RecordOf(id);
    const SourceConfig* source = SourceOf(record);
    if (source == nullptr) return NoRow(id, source);
    const DoneStage& table = tables_done_.at(source->contract);
    const auto is_record = [&](std::string_view other) { return other == record; };
    const size_t hash = record.rfind('#');
    const std::string file = record.substr(source->name.size() + 1, hash - source->name.size() - 1);
    const std::string ordinal = hash == std::string::npos ? "" : record.substr(hash + 1);
    Json shown = {{"row_id", id}, {"source", source->name}, {"file", file}};
    ARROW_ASSIGN_OR_RAISE(const auto rejected, FindRows(*rows_, table.folder,
                                                        table.manifest.reject_files, is_record, 1));
    if (!rejected.empty()) {
      ARROW_ASSIGN_OR_RAISE(shown["record"], ReadRecord(*source, file, ordinal));
      shown["ingest"] = IngestReject(*rejected[0].row, *source);
      shown["stages"] = Json::array();
      shown["ended"] = {{"stage", "ingest"}, {"as", "rejected"}, {"file", rejected[0].file}};
      return shown;
    }
    std::vector<io::DataFile> files;
    for (const io::DataFile& data : table.manifest.outputs) {
      io::DataFile file_of = data;
      file_of.path = table.folder + '/' + data.path;
      ARROW_ASSIGN_OR_RAISE(const bool may, rows_->MayHold(file_of, source->name,
                                                           record.substr(source->name.size() + 1)));
      if (may) files.push_back(data);
    }
    ARROW_ASSIGN_OR_RAISE(const auto found, FindRows(*rows_, table.folder, files, is_record, 1));
    if (found.empty()) return NoRow(id, source);
    ARROW_ASSIGN_OR_RAISE(shown["record"], ReadRecord(*source, file, ordinal));
    const auto stored = contract::StoredSchema(*ContractOf(source->contract));
    const auto row = WithFields(*found[0].row, stored);
    shown["ingest"] = {{"decision", "written"},
                       {"values", ShownRow(*row, 0)},
                       {"file", found[0].file},
                       {"row", found[0].index}};
    return Follow(std::move(shown), source->name, row, id);
  }

  // The columns in the schema of the stage: fields know what is sensitive.
  static std::shared_ptr<arrow::RecordBatch> WithFields(
      const arrow::RecordBatch& row, const std::shared_ptr<arrow::Schema>& schema) {
    arrow::ArrayVector columns;
    for (const auto& field : schema->fields())
      columns.push_back(row.GetColumnByName(field->name()));
    return arrow::RecordBatch::Make(schema, row.num_rows(), std::move(columns));
  }

  // The record as it stands in its file, which may be gone or another one since the run.
  Result<Json> ReadRecord(const SourceConfig& source, const std::string& file,
                          const std::string& ordinal) const {
    // An id that came with the data names no place.
    if (ordinal.empty() || ordinal.find_first_not_of("0123456789") != std::string::npos) {
      return Json{{"state", "unknown"}};
    }
    const auto index = static_cast<size_t>(&source - config_.sources.data());
    ARROW_ASSIGN_OR_RAISE(const auto binding,
                          contract::Bind(*ContractOf(source.contract), source.name));
    ARROW_ASSIGN_OR_RAISE(const std::optional<SourceRecord> record,
                          FindSourceRecord(inputs_[index], binding->projection(), file,
                                           std::stoll(ordinal), kRecordBytesShown));
    if (!record) return Json{{"state", "gone"}};
    Json shown = {{"state", IsAsRead(source, file, record->file_sha256) ? "as read" : "changed"}};
    if (record->row_group >= 0) {
      shown["row_group"] = record->row_group;
      shown["row"] = record->row;
    }
    if (record->byte_offset < 0) return shown;
    shown["byte_offset"] = record->byte_offset;
    shown["byte_length"] = record->byte_length;
    shown["bytes"] = HasSensitive(source) ? "***" : record->bytes;
    return shown;
  }

  bool IsAsRead(const SourceConfig& source, const std::string& file,
                const std::string& sha256) const {
    const auto& read = tables_done_.at(source.contract).manifest.inputs;
    return std::any_of(read.begin(), read.end(), [&](const stage::InputFile& input) {
      return input.source == source.name && input.path == file && input.sha256 == sha256;
    });
  }

  bool HasSensitive(const SourceConfig& source) const {
    const auto& columns = ContractOf(source.contract)->columns;
    return std::any_of(columns.begin(), columns.end(),
                       [](const contract::Column& column) { return column.sensitive; });
  }

  Json IngestReject(const arrow::RecordBatch& reject, const SourceConfig& source) const {
    const bool sensitive = HasSensitive(source);
    Json shown = {{"decision", "rejected"}, {"reject", Json::object()}};
    for (const char* column : {"rule", "column", "value", "threshold", "message"}) {
      const bool hidden = sensitive && std::string(column) == "value";
      const std::string text = hidden ? "" : TextAt(reject, column);
      if (!text.empty()) shown["reject"][column] = text;
    }
    const auto offset = reject.GetColumnByName("byte_offset");
    if (offset != nullptr && offset->IsValid(0)) {
      shown["reject"]["byte_offset"] = static_cast<const arrow::Int64Array&>(*offset).Value(0);
    }
    return shown;
  }

  // From stage to stage, along those that read what the row has become.
  Result<Json> Follow(Json shown, const std::string& source,
                      std::shared_ptr<arrow::RecordBatch> row, const std::string& wanted) {
    std::map<std::string, std::shared_ptr<arrow::RecordBatch>> rows = {{source, row}};
    Json stages = Json::array(), ends = Json::array();
    for (size_t i = 0; i < config_.stages.size(); ++i) {
      const StageConfig& stage = config_.stages[i];
      std::shared_ptr<arrow::RecordBatch> reach;
      for (const std::string& input : stage.inputs) {
        if (rows.count(input) > 0) reach = rows.at(input);
      }
      if (reach == nullptr) continue;
      ARROW_ASSIGN_OR_RAISE(auto left, TraceThrough(i, reach, wanted, &stages));
      rows[stage.name] = left;
    }
    shown["stages"] = std::move(stages);
    for (const auto& [name, batch] : rows) {
      if (batch->num_rows() == 0) continue;
      ARROW_ASSIGN_OR_RAISE(const Json end, EndOf(name, *batch));
      if (!end.is_null()) ends.push_back(end);
    }
    shown["published"] = std::move(ends);
    return shown;
  }

  /// All rows of `reach` through a stage; told of the first one, or of the one that is wanted.
  Result<std::shared_ptr<arrow::RecordBatch>> TraceThrough(
      size_t index, const std::shared_ptr<arrow::RecordBatch>& reach, const std::string& wanted,
      Json* stages) {
    const op::Chain& chain = *chains_[index].chain;
    const DoneStage& done = stages_done_.at(config_.stages[index].name);
    arrow::RecordBatchVector left;
    for (int64_t row = 0; row < reach->num_rows(); ++row) {
      const std::string id = IdOf(*reach, row);
      Json shown = {{"stage", done.manifest.stage}, {"row_id", id}};
      ARROW_ASSIGN_OR_RAISE(const bool drawn, IsDrawn(index, done, id));
      if (!drawn) {
        shown["decision"] = "not drawn by the mixture";
        stages->push_back(std::move(shown));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto drops, DropsOf(chain, done, id));
      const auto one = WithFields(*reach->Slice(row, 1), chain.input());
      ARROW_ASSIGN_OR_RAISE(StageTrace trace, TraceStage(chain, *one, drops));
      left.push_back(trace.rows);
      const bool told = reach->num_rows() == 1 || wanted.rfind(id, 0) == 0;
      if (!told) continue;
      shown["operators"] = std::move(trace.steps);
      shown["left"] = trace.rows->num_rows();
      stages->push_back(std::move(shown));
    }
    if (left.empty()) return arrow::RecordBatch::MakeEmpty(chain.stored());
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches(left));
    ARROW_ASSIGN_OR_RAISE(const auto all, table->CombineChunksToBatch());
    return all->Slice(0, static_cast<int64_t>(kRowsFollowed));
  }

  // Whether the stage's mixture, where it has one, has drawn the row at all.
  Result<bool> IsDrawn(size_t index, const DoneStage& done, const std::string& id) const {
    if (!config_.stages[index].mixture) return true;
    const auto is_of = [&](std::string_view other) {
      return other == id || (other.rfind(id, 0) == 0 && (other[id.size()] == '/'));
    };
    for (const auto* files : {&done.manifest.outputs, &done.manifest.reject_files}) {
      ARROW_ASSIGN_OR_RAISE(const auto found, FindRows(*rows_, done.folder, *files, is_of, 1));
      if (!found.empty()) return true;
    }
    return false;
  }

  // What was decided over all rows is told by the rejects.
  Result<std::vector<op::GlobalDrops>> DropsOf(const op::Chain& chain, const DoneStage& done,
                                               const std::string& id) const {
    std::vector<op::GlobalDrops> drops(chain.globals().size());
    if (drops.empty()) return drops;
    ARROW_ASSIGN_OR_RAISE(const auto found,
                          FindRows(
                              *rows_, done.folder, done.manifest.reject_files,
                              [&](std::string_view other) { return other == id; }, 1));
    if (found.empty()) return drops;
    for (size_t i = 0; i < drops.size(); ++i) {
      const std::string& instance = chain.instances()[chain.globals()[i]].id;
      if (TextAt(*found[0].row, "instance") != instance) continue;
      drops[i].positions = {0};
      drops[i].thresholds = {TextAt(*found[0].row, "threshold")};
      drops[i].values = {TextAt(*found[0].row, "value")};
    }
    return drops;
  }

  // Where the rows are that a stage left, and which exports publish it; null when none does.
  Result<Json> EndOf(const std::string& name, const arrow::RecordBatch& rows) const {
    const auto stage = stages_done_.find(name);
    Json exports = Json::array();
    for (const Json& e : report_.at("exports")) {
      const SourceConfig* source = SourceOf(name + '/');
      const bool of_stage = stage != stages_done_.end() && e.value("stage", "") == name;
      const bool of_table = stage == stages_done_.end() && !e.contains("stage") &&
                            source != nullptr && e.value("table", "") == source->contract;
      if (of_stage || of_table) {
        exports.push_back({{"name", e.at("name")}, {"release_id", e.at("release_id")}});
      }
    }
    if (exports.empty()) return Json();
    Json places = Json::array();
    const DoneStage& done = stage != stages_done_.end()
                                ? stage->second
                                : tables_done_.at(SourceOf(name + '/')->contract);
    std::vector<std::string> ids;
    for (int64_t row = 0; row < rows.num_rows(); ++row) ids.push_back(IdOf(rows, row));
    ARROW_ASSIGN_OR_RAISE(
        const auto found,
        FindRows(
            *rows_, done.folder, done.manifest.outputs,
            [&](std::string_view id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); },
            ids.size()));
    for (const FoundRow& one : found) {
      places.push_back({{"row_id", IdOf(*one.row, 0)}, {"file", one.file}, {"row", one.index}});
    }
    return Json{{"stage", stage != stages_done_.end() ? name : "ingest"},
                {"shards", std::move(places)},
                {"exports", std::move(exports)}};
  }

  const PipelineConfig& config_;
  std::shared_ptr<io::Store> store_;
  std::optional<stage::RowAccess> rows_;
  InputFiles inputs_;
  TableContracts tables_;
  std::vector<StageChain> chains_;
  std::string run_;
  Json report_;
  std::map<std::string, DoneStage> tables_done_, stages_done_;
};

}  // namespace
}  // namespace pipeline

Result<std::string> TraceRows(const Pipeline& pipeline, const TraceOptions& options) {
  pipeline::Tracer tracer(pipeline.config());
  ARROW_RETURN_NOT_OK(tracer.Open());
  ARROW_ASSIGN_OR_RAISE(const auto trace, tracer.Trace(options));
  return trace.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace millrace
