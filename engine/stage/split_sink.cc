#include "stage/split_sink.h"

#include <arrow/record_batch.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "io/parquet/shard_writer.h"
#include "stage/identity.h"
#include "stage/row_id.h"

namespace millrace::stage {

Result<int64_t> StoredRows(io::Store& store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(auto input, store.OpenForRead(key));
  try {
    return parquet::ParquetFileReader::Open(std::move(input))->metadata()->num_rows();
  } catch (const parquet::ParquetException& e) {
    return MakeError(ErrorCode::kWorkspaceDamaged,
                     key + " is no readable Parquet file: " + e.what());
  }
}

SplitSink::SplitSink(const StageContext& stage, const Split& split)
    : stage_(stage),
      split_(split),
      source_(stage.SourceOf(split)),
      rejects_(stage.store(), stage.Key("rejects/" + SplitName(stage.plan, split)), &stage.pool,
               !stage.TableOf(split).sensitive.empty(), stage.PrivacyOf(stage.TableOf(split))) {
  record_.split_name = SplitName(stage.plan, split);
  record_.source = source_.files.name;
  record_.table = stage.plan.contracts[stage.ContractOf(split)].name;
  record_.row_group_begin = split.row_group_begin;
  record_.row_group_end = split.row_group_end;
  record_.first_ordinal = split.first_ordinal;
}

SplitSink::~SplitSink() = default;

void SplitSink::BeginFile(const io::FileInfo& file) {
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

// Shards are cut by the number of rows since the split's first, wherever chunks happen to end.
Status SplitSink::AddRows(const ParsedChunk& chunk) {
  const int64_t total = chunk.rows->num_rows();
  if (total == 0) return Status::OK();
  const auto& schema = stage_.TableOf(split_).schema;
  ARROW_ASSIGN_OR_RAISE(
      auto ids, RowIds(source_.files.name + '/' + path_ + '#', split_.first_ordinal + file_records_,
                       chunk.record_of_row));
  auto columns = chunk.rows->columns();
  columns.push_back(std::move(ids));
  const auto rows = arrow::RecordBatch::Make(schema, total, std::move(columns));
  const int64_t base = split_records_ + file_records_;
  for (int64_t begin = 0; begin < total;) {
    const int64_t room = stage_.plan.rows_per_shard - rows_ % stage_.plan.rows_per_shard;
    const int64_t count = std::min(room, total - begin);
    if (!shard_) {
      const uint32_t record = chunk.record_of_row[static_cast<size_t>(begin)];
      ARROW_RETURN_NOT_OK(OpenShard(base + record));
    }
    // A chunk that lies in one shard as a whole brings its profile along.
    ARROW_RETURN_NOT_OK(count == total ? WriteRows(rows, chunk.profile.get())
                                       : WriteRows(rows->Slice(begin, count), nullptr));
    begin += count;
    rows_ += count;
    shard_->entry.last_position = base + chunk.record_of_row[static_cast<size_t>(begin - 1)];
    if (count == room) FinishShard();
    // One shard that is made durable beside the one that is written, no more.
    while (finishing_.size() > 1) ARROW_RETURN_NOT_OK(CollectShard());
  }
  return Status::OK();
}

Status SplitSink::OpenShard(int64_t first_position) {
  const ChunkWork& table = stage_.TableOf(split_);
  char name[32];
  std::snprintf(name, sizeof name, "-%05zu", record_.shards.size() + finishing_.size());
  ARROW_ASSIGN_OR_RAISE(
      auto writer,
      io::OpenShardWriter(stage_.store(), stage_.Key("data/" + record_.split_name + name),
                          table.schema, stage_.plan.writer, &stage_.pool));
  shard_ = std::make_unique<OpenedShard>();
  shard_->entry.first_position = first_position;
  shard_->writer =
      std::make_unique<io::BackgroundWriter>(std::move(writer), stage_.memory.writer_queue_bytes);
  shard_->profile = std::make_unique<TableProfiler>(*table.schema, table.sensitive);
  return Status::OK();
}

Status SplitSink::WriteRows(const std::shared_ptr<arrow::RecordBatch>& rows,
                            const TableProfiler* profile) {
  if (profile != nullptr) {
    ARROW_RETURN_NOT_OK(shard_->profile->Merge(*profile));
  } else {
    shard_->profile->Update(*rows);
  }
  return shard_->writer->Write(rows);
}

void SplitSink::FinishShard() {
  shard_->writer->StartFinish();
  profiles_.Add(*shard_->profile);
  shard_->profile.reset();
  finishing_.push_back(std::move(shard_));
}

Status SplitSink::CollectShard() {
  const std::unique_ptr<OpenedShard> shard = std::move(finishing_.front());
  finishing_.pop_front();
  ARROW_ASSIGN_OR_RAISE(shard->entry.data, shard->writer->Finish());
  MakeRelative(&shard->entry.data);
  record_.shards.push_back(shard->entry);
  return Status::OK();
}

// From the files as they are stored, not from the counters that wrote them.
Status SplitSink::CheckRows() {
  RowEquation stored;
  stored.read = record_.rows.read;
  for (const Shard& shard : record_.shards) {
    ARROW_ASSIGN_OR_RAISE(const int64_t rows,
                          StoredRows(stage_.store(), stage_.Key(shard.data.path)));
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
  if (shard_) FinishShard();
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
  // While the last shards are encoded and made durable.
  ARROW_ASSIGN_OR_RAISE(
      record_.profile,
      profiles_.Write(stage_.store(), stage_.Key("profiles/" + record_.split_name)));
  MakeRelative(&record_.profile);
  while (!finishing_.empty()) ARROW_RETURN_NOT_OK(CollectShard());
  ARROW_RETURN_NOT_OK(CheckRows());
  return std::move(record_);
}

}  // namespace millrace::stage
