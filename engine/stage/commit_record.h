// The record that makes a split part of a stage: value types only. Codec: commit_record_json.h;
// format: spec/workspace.md. A split without a record has not happened.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/data_file.h"
#include "stage/manifest.h"

namespace millrace::stage {

/// A position is the index of a record in its split: all records count, of all its files.
struct Shard {
  io::DataFile data;           // path relative to the stage's folder
  int64_t first_position = 0;  // of its first and last row
  int64_t last_position = 0;
  int64_t logical_bytes = 0;  // where a stage cuts by them
};

/// The keys of one unique column, for the comparison with other splits.
struct KeySummary {
  std::string column;
  io::DataFile file;
};

struct CommitRecord {
  std::string split_id, split_name;
  std::string source, table;
  std::vector<InputFile> inputs;  // the split's files in order
  std::vector<int64_t> records;   // of each input: how many records were read from it
  int row_group_begin = -1, row_group_end = -1;
  int64_t first_ordinal = 0;  // of the first record in its file; 0 but for row groups
  RowEquation rows;
  std::vector<RejectCount> rejects;
  std::vector<InstanceCount> instances;  // of a stage with operators
  std::vector<NulledCount> nulled;
  std::vector<Amount> mixture;  // what was drawn of each input
  std::vector<Amount> buckets;  // of an output mixture: what was drawn of each
  std::vector<Shard> shards;
  std::vector<io::DataFile> reject_files;
  std::vector<KeySummary> keys;
  io::DataFile profile;  // state of the column profiles, one per shard
};

/// The second commit of a split, where rows of it turned out to repeat a key of an earlier row: its
/// shards that lost rows, written anew. An index of CommitRecord::shards without an entry here
/// stays as it was; an entry with an empty path lost all rows.
struct MaskRecord {
  std::string split_id;
  std::string mask;  // hash of the rows taken out and the rows they repeat
  std::vector<int> shard_index;
  std::vector<io::DataFile> shards;  // parallel to shard_index
  std::vector<RejectCount> rejects;
  std::vector<io::DataFile> reject_files;
  io::DataFile profile;  // of the shards that are left of shard_index
};

/// "<source>/<path>#<ordinal>" of the record at a position of the split.
std::string RowIdAt(const CommitRecord& split, int64_t position);

}  // namespace millrace::stage
