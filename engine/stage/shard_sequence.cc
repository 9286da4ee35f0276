#include "stage/shard_sequence.h"

#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <cstdio>

#include "io/parquet/batch_recutter.h"
#include "io/parquet/shard_writer.h"

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

ShardSequence::ShardSequence(const StageStore& place, TaskPool* pool, ShardSequenceOptions options)
    : place_(place), pool_(pool), options_(std::move(options)) {}

ShardSequence::~ShardSequence() = default;

Status ShardSequence::Add(const std::shared_ptr<arrow::RecordBatch>& rows,
                          const std::function<int64_t(int64_t row)>& position_of,
                          const TableProfiler* profile) {
  const int64_t total = rows->num_rows();
  for (int64_t begin = 0; begin < total;) {
    const int64_t room = options_.rows_per_shard - rows_;
    int64_t count = std::min(room, total - begin);
    bool full = count == room;
    if (options_.bytes_per_shard > 0) full |= CutByBytes(*rows->Slice(begin, count), &count);
    if (!shard_) ARROW_RETURN_NOT_OK(OpenShard(position_of(begin)));
    // A batch that lies in one shard as a whole brings its profile along.
    ARROW_RETURN_NOT_OK(count == total ? Write(rows, profile)
                                       : Write(rows->Slice(begin, count), nullptr));
    begin += count;
    rows_ += count;
    shard_->entry.last_position = position_of(begin - 1);
    if (full) FinishShard();
    // One shard that is made durable beside the one that is written, no more.
    while (finishing_.size() > 1) ARROW_RETURN_NOT_OK(CollectShard());
  }
  return Status::OK();
}

// Whether the shard is full with the first `count` rows.
bool ShardSequence::CutByBytes(const arrow::RecordBatch& rows, int64_t* count) {
  const int64_t room = options_.bytes_per_shard - bytes_;
  int64_t bytes = io::LogicalBytes(rows);
  const bool full = bytes >= room;
  if (full) {
    *count = io::RowsReaching(rows, room);
    bytes = io::LogicalBytes(*rows.Slice(0, *count));
  }
  bytes_ += bytes;
  return full;
}

Status ShardSequence::OpenShard(int64_t first_position) {
  char number[32];
  std::snprintf(number, sizeof number, "-%05zu", shards_.size() + finishing_.size());
  ARROW_ASSIGN_OR_RAISE(
      auto writer,
      io::OpenShardWriter(place_.store(), place_.Key("data/" + options_.split_name + number),
                          options_.schema, options_.writer, pool_));
  shard_ = std::make_unique<OpenedShard>();
  shard_->entry.first_position = first_position;
  shard_->writer = std::make_unique<io::BackgroundWriter>(std::move(writer), options_.queue_bytes);
  shard_->profile = std::make_unique<TableProfiler>(*options_.schema, options_.sensitive);
  shard_->fresh = std::make_unique<FreshRows::Shard>(options_.fresh_rows.get());
  if (options_.arrow_copies) {
    shard_->copy = std::make_unique<ArrowCopy>(place_.store(), *options_.schema);
  }
  return Status::OK();
}

Status ShardSequence::Write(const std::shared_ptr<arrow::RecordBatch>& rows,
                            const TableProfiler* profile) {
  if (profile != nullptr) {
    ARROW_RETURN_NOT_OK(shard_->profile->Merge(*profile));
  } else {
    shard_->profile->Update(*rows);
  }
  shard_->fresh->Add(rows);
  if (shard_->copy != nullptr) shard_->copy->Add(*rows);
  return shard_->writer->Write(rows);
}

void ShardSequence::FinishShard() {
  shard_->entry.logical_bytes = bytes_;
  rows_ = bytes_ = 0;
  shard_->writer->StartFinish();
  profiles_.Add(*shard_->profile);
  shard_->profile.reset();
  finishing_.push_back(std::move(shard_));
}

Status ShardSequence::CollectShard() {
  const std::unique_ptr<OpenedShard> shard = std::move(finishing_.front());
  finishing_.pop_front();
  ARROW_ASSIGN_OR_RAISE(shard->entry.data, shard->writer->Finish());
  shard->fresh->Keep(shard->entry.data.path);
  if (shard->copy != nullptr) shard->copy->Keep(shard->entry.data);
  shard->entry.data.path = place_.PathOf(shard->entry.data.path);
  shards_.push_back(shard->entry);
  return Status::OK();
}

Result<ShardSequence::Finished> ShardSequence::Finish() {
  if (shard_) FinishShard();
  Finished finished;
  // While the last shards are encoded and made durable.
  ARROW_ASSIGN_OR_RAISE(
      finished.profile,
      profiles_.Write(place_.store(), place_.Key("profiles/" + options_.split_name)));
  finished.profile.path = place_.PathOf(finished.profile.path);
  while (!finishing_.empty()) ARROW_RETURN_NOT_OK(CollectShard());
  finished.shards = std::move(shards_);
  return finished;
}

}  // namespace millrace::stage
