#include "stage/split_sink.h"

#include <arrow/record_batch.h>

#include <cmath>

#include "source/format_extension.h"
#include "stage/identity.h"
#include "stage/row_id.h"

namespace millrace::stage {

namespace {

ShardSequenceOptions OptionsOf(const StageContext& stage, const Split& split) {
  const ChunkWork& table = stage.TableOf(split);
  ShardSequenceOptions options;
  options.split_name = SplitName(stage.plan, split);
  options.schema = table.schema;
  options.sensitive = table.sensitive;
  options.writer = stage.plan.writer;
  options.rows_per_shard = stage.plan.rows_per_shard;
  options.queue_bytes = stage.memory.writer_queue_bytes;
  options.fresh_rows = stage.run.fresh_rows;
  return options;
}

// What is read in place can be entered where the engine wants to, or is not so large that reading
// it from its beginning matters.
bool StaysInPlace(const StageContext& stage, const Split& split, const io::FileInfo& file,
                  const io::RecordReader& reader) {
  const IngestSource& source = stage.SourceOf(split);
  if (!source.in_place) return false;
  for (const int index : split.files) {
    // What is packed is unpacked once.
    const std::string& key = source.files.files[static_cast<size_t>(index)].key;
    const bool plain = source.files.store == nullptr || !source.files.store->LocalPath(key).empty();
    if (!plain || source::IsPacked(key)) return false;
  }
  return source::IsTyped(source.files.format) || reader.can_be_cut() || split.files.size() > 1 ||
         file.bytes <= 4 * stage.plan.reference_bytes;
}

// Rows that lie in memory anyway are not held there once more.
std::shared_ptr<FreshRows> HolderOf(const StageContext& stage, const Split& split) {
  const auto* format = std::get_if<io::DatasetReadOptions>(&stage.SourceOf(split).files.format);
  const bool held = format != nullptr && format->dataset->lies_in_memory;
  return held ? nullptr : stage.run.fresh_rows;
}

// About how many bytes a shard has for a byte of its source: text gets smaller, Parquet does not.
double WeightOf(const IngestSource& source) {
  constexpr double kOfPlainBytes = 0.25;
  return std::holds_alternative<io::ParquetReadOptions>(source.files.format) ? 1 : kOfPlainBytes;
}

}  // namespace

SplitSink::SplitSink(const StageContext& stage, const Split& split)
    : stage_(stage),
      split_(split),
      source_(stage.SourceOf(split)),
      rejects_(stage.store(), stage.Key("rejects/" + SplitName(stage.plan, split)), &stage.pool,
               !stage.TableOf(split).sensitive.empty(), stage.PrivacyOf(stage.TableOf(split))),
      shards_(stage.place, &stage.pool, OptionsOf(stage, split)) {
  record_.split_name = SplitName(stage.plan, split);
  record_.source = source_.files.name;
  record_.table = stage.plan.contracts[stage.ContractOf(split)].name;
  record_.row_group_begin = split.row_group_begin;
  record_.row_group_end = split.row_group_end;
  record_.first_ordinal = split.first_ordinal;
}

SplitSink::~SplitSink() = default;

void SplitSink::BeginFile(const io::FileInfo& file, const io::RecordReader& reader) {
  if (record_.inputs.empty() && StaysInPlace(stage_, split_, file, reader)) {
    const ChunkWork& table = stage_.TableOf(split_);
    const bool cuts = split_.files.size() == 1 && reader.can_be_cut();
    references_.emplace(
        stage_.place,
        ReferenceSequenceOptions{record_.split_name, table.schema, table.sensitive,
                                 cuts ? stage_.plan.reference_bytes : 0, HolderOf(stage_, split_),
                                 stage_.memory.writer_queue_bytes});
  }
  path_ = file.key;
  file_records_ = 0;
  record_.inputs.push_back({source_.files.name, file.key, file.bytes, "", {}});
}

void SplitSink::EndFile(const std::string& sha256, const io::ReadAs& read_as) {
  record_.inputs.back().sha256 = sha256;
  io::ReadAs& kept = record_.inputs.back().read_as;
  kept = read_as;
  kept.confidence = std::round(kept.confidence * 100) / 100;
  record_.records.push_back(file_records_);
  split_records_ += file_records_;
}

Status SplitSink::Add(ParsedChunk chunk) {
  if (chunk.failure) return ColumnFailed(*chunk.failure);
  ARROW_RETURN_NOT_OK(AddRejects(chunk));
  ARROW_RETURN_NOT_OK(AddKeys(chunk));
  ARROW_RETURN_NOT_OK(AddRows(chunk));
  for (const contract::NulledValues& nulled : chunk.nulled) {
    const std::string& column = stage_.TableOf(split_).schema->field(nulled.column)->name();
    AddNulledCounts({{source_.files.name, nulled.rule, column, nulled.rows}}, &record_.nulled);
  }
  file_records_ += chunk.records;
  record_.rows.read += chunk.records;
  record_.rows.rejected += static_cast<int64_t>(chunk.rejects.size());
  record_.rows.written += chunk.rows->num_rows();
  if (Progress* progress = stage_.run.progress) {
    progress->rows_read += chunk.records;
    progress->rows_rejected += static_cast<int64_t>(chunk.rejects.size());
    progress->rows_written += chunk.rows->num_rows();
  }
  return Status::OK();
}

Status SplitSink::AddRejects(const ParsedChunk& chunk) {
  if (chunk.rejects.empty()) return Status::OK();
  RejectOrigin origin{source_.files.name, path_, 0};
  std::atomic<int64_t>& spent = stage_.rejects_by_source[static_cast<size_t>(split_.source)];
  const std::optional<int64_t>& most = source_.limits.max_rejects;
  for (const Reject& reject : chunk.rejects) {
    origin.ordinal = split_.first_ordinal + file_records_ + reject.record;
    const auto hidden = chunk.sensitive_values.find(reject.record);
    ARROW_RETURN_NOT_OK(
        rejects_.Add(origin, reject, hidden == chunk.sensitive_values.end() ? "" : hidden->second));
    // One by one, so that where it ends does not depend on where chunks end.
    const int64_t rejected = ++spent;
    if (most && rejected > *most) return BudgetSpent(rejected);
  }
  return Status::OK();
}

// The split will not be committed, but its rejects tell what is wrong with the data: they stay.
Status SplitSink::BudgetSpent(int64_t rejected) {
  SpentBudget budget;
  ARROW_ASSIGN_OR_RAISE(budget.reject_files, rejects_.Finish());
  for (io::DataFile& file : budget.reject_files) MakeRelative(&file);
  budget.rejects = rejects_.Counts();
  budget.source = source_.files.name;
  budget.table = record_.table;
  budget.limit = "max_rejects";
  budget.allowed = static_cast<double>(*source_.limits.max_rejects);
  budget.rejected = rejected;
  stage_.spent_budgets.Add(record_.split_name, std::move(budget));
  return MakeError(ErrorCode::kRejectBudget,
                   "source `" + source_.files.name + "` has more than " +
                       std::to_string(*source_.limits.max_rejects) +
                       " rejects, the most that max_rejects allows",
                   "the rejected rows so far are below " + stage_.Key("rejects") +
                       " in the workspace; mend the data or raise the limit");
}

// Only here is it known where in its file a record stands.
Status SplitSink::ColumnFailed(const Reject& value) const {
  const int64_t ordinal = split_.first_ordinal + file_records_ + value.record;
  std::string place =
      "source `" + source_.files.name + "`, file `" + path_ + "`, row #" + std::to_string(ordinal);
  if (value.byte_offset >= 0) {
    place += " (" + std::to_string(value.byte_length) + " bytes at byte " +
             std::to_string(value.byte_offset) + ')';
  }
  const bool masked = stage_.TableOf(split_).sensitive.count(value.column) > 0;
  return MakeError(ErrorCode::kColumnFailed,
                   place + ": " + value.message + " [" + value.rule + ']' +
                       (masked ? "; the column is sensitive, its value is not shown" : ""),
                   "the column says on_error: fail; reject would keep such rows aside");
}

Status SplitSink::AddKeys(const ParsedChunk& chunk) {
  const std::vector<int>& columns = stage_.TableOf(split_).unique_columns;
  while (keys_.size() < columns.size()) {
    const std::string prefix = "keys/" + record_.split_name + '-' + std::to_string(keys_.size());
    ARROW_ASSIGN_OR_RAISE(keys_.emplace_back(),
                          KeySummaryWriter::Open(stage_.store(), stage_.Key(prefix), &stage_.pool));
  }
  const int64_t base = split_records_ + file_records_;
  for (size_t i = 0; i < keys_.size(); ++i) {
    for (const KeyOfRow& key : chunk.keys[i]) {
      const int64_t record = chunk.record_of_row[static_cast<size_t>(key.row)];
      ARROW_RETURN_NOT_OK(keys_[i]->Add(key.digest, base + record));
    }
  }
  return Status::OK();
}

Status SplitSink::AddRows(const ParsedChunk& chunk) {
  const int64_t total = chunk.rows->num_rows();
  if (total == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(
      auto ids, RowIds(source_.files.name + '/' + path_ + '#', split_.first_ordinal + file_records_,
                       chunk.record_of_row));
  auto columns = chunk.rows->columns();
  columns.push_back(std::move(ids));
  const int64_t base = split_records_ + file_records_;
  const auto rows =
      arrow::RecordBatch::Make(stage_.TableOf(split_).schema, total, std::move(columns));
  const auto position_of = [&](int64_t row) {
    return base + chunk.record_of_row[static_cast<size_t>(row)];
  };
  if (references_) {
    return references_->Add({rows, position_of, chunk.marks, split_.first_ordinal + file_records_,
                             chunk.profile.get()});
  }
  return shards_.Add(rows, position_of, chunk.profile.get());
}

Result<ShardSequence::Finished> SplitSink::FinishRows() {
  if (!references_) return shards_.Finish();
  RowReference whole;
  whole.source = source_.files.name;
  for (size_t i = 0; i < record_.inputs.size(); ++i) {
    const InputFile& input = record_.inputs[i];
    whole.files.push_back({input.path, input.bytes, input.sha256, record_.records[i]});
  }
  whole.row_group_begin = split_.row_group_begin;
  whole.row_group_end = split_.row_group_end;
  whole.first_ordinal = split_.first_ordinal;
  whole.records = record_.rows.read;
  const auto files = static_cast<int64_t>(record_.inputs.size());
  return references_->Finish(whole, split_.bytes + (files - 1) * kFileCostBytes, WeightOf(source_));
}

// From the files as they are stored, not from the counters that wrote them.
Status SplitSink::CheckRows() {
  RowEquation stored;
  stored.read = record_.rows.read;
  for (const Shard& shard : record_.shards) {
    io::DataFile file = shard.data;
    file.path = stage_.Key(file.path);
    ARROW_ASSIGN_OR_RAISE(const int64_t rows, StoredRows(stage_.store(), file));
    stored.written += rows;
  }
  for (const io::DataFile& file : record_.reject_files) {
    ARROW_ASSIGN_OR_RAISE(const int64_t rows, StoredRows(stage_.store(), stage_.Key(file.path)));
    stored.rejected += rows;
  }
  if (stored.holds()) return Status::OK();
  return MakeError(ErrorCode::kRowEquation, "split " + record_.split_name + ": " +
                                                std::to_string(stored.read) + " rows read, " +
                                                std::to_string(stored.written) + " written, " +
                                                std::to_string(stored.rejected) + " rejected");
}

Result<CommitRecord> SplitSink::Finish() {
  ARROW_ASSIGN_OR_RAISE(record_.reject_files, rejects_.Finish());
  for (io::DataFile& file : record_.reject_files) MakeRelative(&file);
  record_.rejects = rejects_.Counts();
  const std::vector<int>& columns = stage_.TableOf(split_).unique_columns;
  for (size_t i = 0; i < keys_.size(); ++i) {
    KeySummary& summary = record_.keys.emplace_back();
    summary.column = stage_.TableOf(split_).schema->field(columns[i])->name();
    ARROW_ASSIGN_OR_RAISE(summary.file, keys_[i]->Finish());
    MakeRelative(&summary.file);
  }
  ARROW_ASSIGN_OR_RAISE(ShardSequence::Finished finished, FinishRows());
  record_.shards = std::move(finished.shards);
  record_.profile = std::move(finished.profile);
  ARROW_RETURN_NOT_OK(CheckRows());
  return std::move(record_);
}

}  // namespace millrace::stage
