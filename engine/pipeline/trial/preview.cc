// The first rows of every source before and after the contract; nothing is written anywhere.
#include <arrow/api.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/utf8.h"
#include "contract/binding.h"
#include "contract/features.h"
#include "contract/sensitive_hint.h"
#include "contract/value_text.h"
#include "millrace/onboarding.h"
#include "pipeline/input_files.h"
#include "pipeline/pipeline.h"
#include "pipeline/table_contracts.h"
#include "pipeline/trial/raw_head.h"
#include "pipeline/trial/shown_reject.h"
#include "pipeline/trial/staged_rows.h"
#include "source/sniff_format.h"
#include "stage/row_id.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kFilesLookedAt = 4;  // of a source, for what is not declared
constexpr int64_t kChunkBytes = 256 << 10;
constexpr size_t kCellBytesMax = 1000;
constexpr char kMasked[] = "***";

bool IsBelow(const std::string& path, const std::string& column) {
  if (path.rfind(column, 0) != 0) return false;
  const char next = path.size() == column.size() ? '.' : path[column.size()];
  return next == '.' || next == '[' || next == '/';
}

// The columns of the file that sensitive columns of the contract are made from.
Result<std::vector<std::string>> SensitivePaths(const contract::Contract& contract,
                                                const std::string& source) {
  std::vector<std::string> paths;
  for (const contract::Column& column : contract.columns) {
    if (!column.sensitive) continue;
    contract::Contract alone;
    alone.columns = {column};
    ARROW_ASSIGN_OR_RAISE(const auto binding, contract::Bind(alone, source));
    for (const io::FieldRequest& field : binding->projection().fields) paths.push_back(field.path);
  }
  return paths;
}

class SourcePreview {
 public:
  SourcePreview(const source::FileSource& files, const contract::Contract& contract, int64_t rows)
      : files_(files), contract_(contract), rows_max_(rows) {
    auto& format = files_.format;
    if (auto* csv = std::get_if<io::CsvOptions>(&format)) csv->chunk_bytes = kChunkBytes;
    if (auto* json = std::get_if<io::JsonlOptions>(&format)) json->chunk_bytes = kChunkBytes;
    if (auto* parquet = std::get_if<io::ParquetReadOptions>(&format)) {
      parquet->rows_per_chunk = std::max<int64_t>(rows, 1);
    }
  }

  /// The rows that passed, in the columns of their table's shards.
  Result<std::shared_ptr<arrow::RecordBatch>> Passed() const {
    const auto schema = contract::StoredSchema(contract_);
    if (passed_batches_.empty()) return arrow::RecordBatch::MakeEmpty(schema);
    ARROW_ASSIGN_OR_RAISE(const auto table,
                          arrow::Table::FromRecordBatches(schema, passed_batches_));
    return table->CombineChunksToBatch();
  }

  Result<Json> Run() {
    sensitive_ = SensitiveColumnsOf(contract_);
    ARROW_ASSIGN_OR_RAISE(sensitive_paths_, SensitivePaths(contract_, files_.name));
    for (const io::FileInfo& file : files_.files) {
      if (read_ >= rows_max_ || failed_) break;
      if (file.bytes > 0) ARROW_RETURN_NOT_OK(Add(file));
    }
    return Json{{"source", files_.name},
                {"type", std::string(source::FormatName(files_.format))},
                {"table", contract_.name},
                {"inferred", contract_.inferred},
                {"read", read_},
                {"passed", passed_},
                {"rejected", read_ - passed_},
                {"before", before_names_},
                {"columns", Columns()},
                {"rows", std::move(rows_)}};
  }

 private:
  Json Columns() const {
    Json columns = Json::array();
    for (const contract::Column& column : contract_.columns) {
      columns.push_back({{"name", column.name},
                         {"type", column.type_text},
                         {"sensitive", column.sensitive},
                         {"unique", column.unique}});
    }
    return columns;
  }

  Status Add(const io::FileInfo& file) {
    const int64_t wanted = rows_max_ - read_;
    ARROW_ASSIGN_OR_RAISE(const auto binding, contract::Bind(contract_, files_.name));
    ARROW_ASSIGN_OR_RAISE(const source::OpenedFile after,
                          source::OpenFile(files_, file, binding->projection()));
    ARROW_RETURN_NOT_OK(binding->BindFile(*after.reader->file_schema()));
    std::map<int64_t, Json> before;
    ARROW_RETURN_NOT_OK(ReadBefore(file, *binding, wanted, &before));
    RawHead head(*after.reader, wanted);
    for (int64_t first = 0;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, head.Next());
      if (!more || failed_) return Status::OK();
      ARROW_RETURN_NOT_OK(AddBatch(*binding, head, {file.key, first, &before}));
      first += head.batch().records;
    }
  }

  struct Place {
    std::string key;
    int64_t first = 0;  // record of the file that the batch begins with
    const std::map<int64_t, Json>* before = nullptr;
  };

  // With on_error: fail the engine gives the row that ends the run and nothing of the others: those
  // before it are asked for again.
  Status AddBatch(const contract::Binding& binding, const RawHead& head, const Place& place) {
    ARROW_ASSIGN_OR_RAISE(contract::CheckedBatch checked,
                          binding.Apply(head.batch(), head.chunk()));
    if (!checked.failure) return AddRows(place, head.batch(), checked);
    const Reject& failure = *checked.failure;
    ARROW_ASSIGN_OR_RAISE(const io::RawBatch sound, FirstRecords(head.batch(), failure.record));
    ARROW_ASSIGN_OR_RAISE(const contract::CheckedBatch rows, binding.Apply(sound, head.chunk()));
    ARROW_RETURN_NOT_OK(AddRows(place, sound, rows));
    AddRow(place, failure.record, Json(), &failure);
    rows_.back()["reject"]["ends_the_run"] = true;
    failed_ = true;
    return Status::OK();
  }

  // All columns of the file as they stand, by record.
  Status ReadBefore(const io::FileInfo& file, const contract::Binding& binding, int64_t wanted,
                    std::map<int64_t, Json>* before) {
    io::Projection all;
    all.all = true;
    ARROW_ASSIGN_OR_RAISE(const source::OpenedFile opened, source::OpenFile(files_, file, all));
    RawHead head(*opened.reader, wanted);
    for (int64_t first = 0;;) {
      ARROW_ASSIGN_OR_RAISE(const bool more, head.Next());
      if (!more) return Status::OK();
      const io::RawBatch& batch = head.batch();
      if (batch.columns != nullptr) AddBefore(batch, binding, first, before);
      first += batch.records;
    }
  }

  void AddBefore(const io::RawBatch& batch, const contract::Binding& binding, int64_t first,
                 std::map<int64_t, Json>* before) {
    for (int i = 0; i < batch.columns->num_columns(); ++i) {
      const std::string& name = batch.columns->column_name(i);
      if (std::find(before_names_.begin(), before_names_.end(), name) == before_names_.end()) {
        before_names_.push_back(name);
      }
      const arrow::Array& values = *batch.columns->column(i);
      const bool masked = IsMasked(name, values, binding);
      for (int64_t row = 0; row < batch.columns->num_rows(); ++row) {
        Json& shown = (*before)[first + batch.RecordOfRow(row)];
        shown[name] = Cell(values, row, masked);
      }
    }
  }

  // What the contract does not name is nobody's to call harmless: masked where it looks otherwise.
  bool IsMasked(const std::string& name, const arrow::Array& values,
                const contract::Binding& binding) const {
    for (const std::string& path : sensitive_paths_) {
      if (IsBelow(path, name) || IsBelow(name, path)) return true;
    }
    for (const io::FieldRequest& field : binding.projection().fields) {
      if (IsBelow(field.path, name) && field.path == name) return false;
    }
    if (contract::SensitiveByName(name) != "") return true;
    contract::SensitiveValues seen;
    std::string text;
    for (int64_t row = 0; row < values.length(); ++row) {
      if (values.IsNull(row)) continue;
      text.clear();
      contract::AppendValueText(values, row, &text);
      seen.Add(text);
    }
    return seen.any();
  }

  static Json Cell(const arrow::Array& values, int64_t row, bool masked) {
    if (values.IsNull(row)) return nullptr;
    if (masked) return kMasked;
    std::string text;
    contract::AppendValueText(values, row, &text);
    return CutText(text, kCellBytesMax);
  }

  Status KeepPassed(const Place& place, const contract::CheckedBatch& checked) {
    if (checked.rows == nullptr || checked.rows->num_rows() == 0) return Status::OK();
    arrow::ArrayVector columns = checked.rows->columns();
    ARROW_ASSIGN_OR_RAISE(
        columns.emplace_back(),
        stage::RowIds(files_.name + "/" + place.key + "#", place.first, checked.record_of_row));
    passed_batches_.push_back(arrow::RecordBatch::Make(
        contract::StoredSchema(contract_), checked.rows->num_rows(), std::move(columns)));
    return Status::OK();
  }

  Status AddRows(const Place& place, const io::RawBatch& raw,
                 const contract::CheckedBatch& checked) {
    ARROW_RETURN_NOT_OK(KeepPassed(place, checked));
    std::map<int64_t, const Reject*> rejects;
    for (const Reject& reject : raw.rejects) rejects[reject.record] = &reject;
    for (const Reject& reject : checked.rejects) rejects[reject.record] = &reject;
    std::map<int64_t, int64_t> row_of_record;
    for (size_t i = 0; i < checked.record_of_row.size(); ++i) {
      row_of_record[checked.record_of_row[i]] = static_cast<int64_t>(i);
    }
    for (int64_t record = 0; record < raw.records; ++record) {
      const auto reject = rejects.find(record);
      const auto row = row_of_record.find(record);
      AddRow(place, record, row == row_of_record.end() ? Json() : After(*checked.rows, row->second),
             reject == rejects.end() ? nullptr : reject->second);
    }
    return Status::OK();
  }

  void AddRow(const Place& place, int64_t record, Json after, const Reject* reject) {
    const int64_t ordinal = place.first + record;
    Json shown = {{"row", files_.name + "/" + place.key + "#" + std::to_string(ordinal)}};
    const auto found = place.before->find(ordinal);
    shown["before"] = found == place.before->end() ? Json() : found->second;
    shown["after"] = std::move(after);
    if (reject != nullptr) shown["reject"] = ShownReject(*reject, sensitive_);
    passed_ += reject == nullptr;
    ++read_;
    rows_.push_back(std::move(shown));
  }

  Json After(const arrow::RecordBatch& rows, int64_t row) const {
    Json after = Json::object();
    for (int i = 0; i < rows.num_columns(); ++i) {
      const std::string& name = rows.column_name(i);
      after[name] = Cell(*rows.column(i), row, sensitive_.count(name) > 0);
    }
    return after;
  }

  source::FileSource files_;
  const contract::Contract& contract_;
  const int64_t rows_max_;
  std::set<std::string> sensitive_;
  std::vector<std::string> sensitive_paths_, before_names_;
  Json rows_ = Json::array();
  arrow::RecordBatchVector passed_batches_;
  int64_t read_ = 0, passed_ = 0;
  bool failed_ = false;
};

// What is not declared is told from a few files, not from all of them.
InputFiles FirstFiles(InputFiles inputs) {
  for (source::FileSource& source : inputs) {
    std::vector<io::FileInfo> first;
    for (const io::FileInfo& file : source.files) {
      if (first.size() < kFilesLookedAt && file.bytes > 0) first.push_back(file);
    }
    source.files = std::move(first);
  }
  return inputs;
}

// What each stage up to the last one wanted makes of the rows that were looked at.
Status AddStages(const PipelineConfig& config, const TableContracts& tables, size_t stages,
                 StagedRows& staged, Json* preview) {
  ARROW_ASSIGN_OR_RAISE(const auto chains, BindStages(config, tables));
  for (size_t i = 0; i < stages; ++i) {
    ARROW_RETURN_NOT_OK(staged.Run(config.stages[i], *chains[i].chain));
  }
  for (Json& source : (*preview)["sources"]) {
    for (Json& row : source["rows"]) {
      if (!row.contains("reject")) row["stages"] = staged.OfRow(row["row"]);
    }
  }
  (*preview)["stages"] = staged.stages();
  return Status::OK();
}

// How many stages behind ingest are wanted.
Result<size_t> StagesWanted(const PipelineConfig& config, const std::string& until) {
  std::vector<std::string> names = {"ingest"};
  for (const StageConfig& stage : config.stages) names.push_back(stage.name);
  const auto found = std::find(names.begin(), names.end(), until);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  std::string suggestion = DidYouMean(until, names);
  for (size_t i = 0; suggestion.empty() && i < names.size(); ++i) {
    if (i + 1 == names.size()) suggestion = "the last of its stages is `" + names[i] + "`";
  }
  return MakeError(ErrorCode::kUsage, "the config has no stage `" + until + "`", suggestion);
}

Result<Json> Preview(const PipelineConfig& config, const PreviewOptions& options) {
  std::vector<std::string> names;
  for (const SourceConfig& source : config.sources) names.push_back(source.name);
  if (!options.source.empty() &&
      std::find(names.begin(), names.end(), options.source) == names.end()) {
    std::string suggestion = DidYouMean(options.source, names);
    if (suggestion.empty()) suggestion = "the first of its sources is `" + names.front() + "`";
    return MakeError(ErrorCode::kUsage, "the config has no source `" + options.source + "`",
                     suggestion);
  }
  ARROW_ASSIGN_OR_RAISE(const size_t stages, StagesWanted(config, options.until));
  ARROW_ASSIGN_OR_RAISE(const InputFiles inputs, FindInputFiles(config));
  ARROW_ASSIGN_OR_RAISE(const TableContracts tables, ResolveContracts(config, FirstFiles(inputs)));
  StagedRows staged;
  Json sources = Json::array();
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!options.source.empty() && options.source != inputs[i].name) continue;
    SourcePreview preview(inputs[i], tables.OfSource(i), options.rows);
    Result<Json> source = preview.Run();
    if (!source.ok()) return AtPlace(source.status(), config, config.sources[i].path_span);
    if (stages > 0) {
      ARROW_ASSIGN_OR_RAISE(auto passed, preview.Passed());
      staged.AddSource(inputs[i].name, std::move(passed));
    }
    sources.push_back(*std::move(source));
  }
  Json preview = {
      {"pipeline", config.name}, {"stage", options.until}, {"sources", std::move(sources)}};
  if (stages > 0) ARROW_RETURN_NOT_OK(AddStages(config, tables, stages, staged, &preview));
  return preview;
}

}  // namespace
}  // namespace pipeline

Result<std::string> PreviewPipeline(const Pipeline& pipeline, const PreviewOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto preview, pipeline::Preview(pipeline.config(), options));
  return preview.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace millrace
