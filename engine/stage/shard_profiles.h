// The column profiles of a split's shards as one file: a line of JSON (TableProfiler::ToJson) per
// shard, in order. Per shard, so that a shard written anew needs no other to be read.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "io/data_file.h"
#include "io/store.h"
#include "stage/profile.h"

namespace millrace::stage {

class ShardProfiles {
 public:
  void Add(const TableProfiler& profile);
  /// Commits `<key_prefix>-<hash>.jsonl`; the path of the result is that key. One row per shard.
  Result<io::DataFile> Write(io::Store& store, const std::string& key_prefix) const;
  /// The lines of such a file.
  static Result<std::vector<std::string>> Read(io::Store& store, const std::string& key);
  /// What such lines come to together, in their order; empty ones are shards that are gone.
  static Result<TableProfiler> SumOf(const std::vector<std::string>& lines,
                                     const arrow::Schema& schema,
                                     const std::set<std::string>& sensitive);

 private:
  std::string text_;
  int64_t shards_ = 0;
};

}  // namespace millrace::stage
