// The end of the way of a split's rows: chunks in row order in, shards, rejects and key summaries
// out, and the commit record that names them. Nothing counts before the record is put.
// Thread-safety: one thread; a thread per open shard and the stage's pool encode beside it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "io/parquet/background_writer.h"
#include "stage/chunk_task.h"
#include "stage/commit_record.h"
#include "stage/key_summary.h"
#include "stage/reject_writer.h"
#include "stage/shard_profiles.h"
#include "stage/stage_context.h"

namespace millrace::stage {

class SplitSink {
 public:
  SplitSink(const StageContext& stage, const Split& split);
  ~SplitSink();

  void BeginFile(const io::FileInfo& file);
  /// Chunks of a file in order. RejectBudget as soon as the source's rejects pass its max_rejects;
  /// the rejects so far are then kept in the stage's folder. ColumnFailed for a chunk with a value
  /// that on_error: fail does not put up with.
  Status Add(ParsedChunk chunk);
  void EndFile(const std::string& sha256, const io::ReadAs& read_as);

  /// Finishes all files, reads their row counts back and checks the row equation against them.
  Result<CommitRecord> Finish();

 private:
  Status AddRejects(const ParsedChunk& chunk);
  Status AddRows(const ParsedChunk& chunk);
  Status AddKeys(const ParsedChunk& chunk);
  Status WriteRows(const std::shared_ptr<arrow::RecordBatch>& rows, const TableProfiler* profile);
  Status OpenShard(int64_t first_position);
  void FinishShard();
  Status CollectShard();
  Status CheckRows();
  Status BudgetSpent(int64_t rejected);
  Status ColumnFailed(const Reject& value) const;
  void MakeRelative(io::DataFile* file) const { file->path = stage_.PathOf(file->path); }

  const StageContext& stage_;
  const Split& split_;
  const IngestSource& source_;
  CommitRecord record_;
  std::string path_;           // of the file being read
  int64_t file_records_ = 0;   // of it, so far
  int64_t split_records_ = 0;  // of the files before it
  int64_t rows_ = 0;
  RejectWriter rejects_;
  /// A shard that rows go to, or one that has all its rows and is being made durable.
  struct OpenedShard {
    Shard entry;
    std::unique_ptr<io::BackgroundWriter> writer;
    std::unique_ptr<TableProfiler> profile;
  };
  std::unique_ptr<OpenedShard> shard_;
  std::deque<std::unique_ptr<OpenedShard>> finishing_;  // in row order
  ShardProfiles profiles_;
  std::vector<std::unique_ptr<KeySummaryWriter>> keys_;
};

/// The number of rows that a Parquet file of the store says it has.
Result<int64_t> StoredRows(io::Store& store, const std::string& key);

}  // namespace millrace::stage
