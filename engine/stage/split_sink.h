// The end of the way of a split's rows: chunks in row order in, shards (or references, where rows
// stay in their files), rejects and key summaries out, and the commit record that names them.
// Nothing counts before the record is put. Thread-safety: one thread; a thread per open shard and
// the stage's pool encode beside it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stage/chunk_task.h"
#include "stage/commit_record.h"
#include "stage/key_summary.h"
#include "stage/reference_sequence.h"
#include "stage/reject_writer.h"
#include "stage/shard_sequence.h"
#include "stage/stage_context.h"

namespace millrace::stage {

class SplitSink {
 public:
  SplitSink(const StageContext& stage, const Split& split);
  ~SplitSink();

  void BeginFile(const io::FileInfo& file, const io::RecordReader& reader);
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
  Result<ShardSequence::Finished> FinishRows();
  Status AddKeys(const ParsedChunk& chunk);
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
  RejectWriter rejects_;
  ShardSequence shards_;
  std::optional<ReferenceSequence> references_;  // instead of shards
  std::vector<std::unique_ptr<KeySummaryWriter>> keys_;
};

}  // namespace millrace::stage
