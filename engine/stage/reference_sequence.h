// The rows of a split as references instead of shards: what ShardSequence does, but that the rows
// are hashed and let go.
// Thread-safety: one thread; another one hashes beside it.
#pragma once

#include <arrow/record_batch.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "io/parquet/background_writer.h"
#include "stage/chunk_task.h"
#include "stage/commit_record.h"
#include "stage/fresh_rows.h"
#include "stage/reference.h"
#include "stage/shard_profiles.h"
#include "stage/shard_sequence.h"

namespace millrace::stage {

struct ReferenceSequenceOptions {
  std::string split_name;
  std::shared_ptr<arrow::Schema> schema;
  std::set<std::string> sensitive;  // columns whose values no profile may hold
  int64_t cut_bytes = 0;  // > 0: the one file of the split is entered at about each multiple
  std::shared_ptr<FreshRows> fresh_rows;  // holds the rows; may be null
  int64_t queue_bytes = 8 << 20;          // of rows that wait to be hashed
};

class ReferenceSequence {
 public:
  /// `place` must outlive it.
  ReferenceSequence(const StageStore& place, ReferenceSequenceOptions options);
  ~ReferenceSequence();

  /// Of a chunk: its rows with their ids, the position of each in the split, its marks, the ordinal
  /// of its first record, and its profile.
  struct Rows {
    std::shared_ptr<arrow::RecordBatch> rows;
    std::function<int64_t(int64_t row)> position_of;
    const std::vector<RowMark>& marks;
    int64_t first_ordinal = 0;
    const TableProfiler* profile = nullptr;
  };
  Status Add(const Rows& chunk);

  /// `whole`: a reference to all records of the split. `weight`: the part of a source's bytes that
  /// its rows would take as shards.
  Result<ShardSequence::Finished> Finish(const RowReference& whole, int64_t source_bytes,
                                         double weight);

 private:
  /// A part of the split that is to be a reference of its own.
  struct Part {
    Shard entry;
    int64_t byte_begin = 0, first_ordinal = 0;  // where the file is entered; 0 of the first part
    std::unique_ptr<FreshRows::Shard> fresh;
  };

  Status OpenPart(const Rows& chunk, int64_t row, const RowMark* mark);
  Status ClosePart();
  Status AddToPart(const Rows& chunk, int64_t begin, int64_t end);

  const StageStore& place_;
  const ReferenceSequenceOptions options_;
  std::vector<Part> parts_;
  // Of the last one, while it is open.
  std::unique_ptr<io::BackgroundWriter> hasher_;  // beside who cuts and takes in chunks
  std::unique_ptr<TableProfiler> profile_;
  int64_t multiple_ = -1;  // of cut_bytes that the last row is behind
  ShardProfiles profiles_;
};

}  // namespace millrace::stage
