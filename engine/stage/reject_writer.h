// The rejects of one split as a Parquet file (spec/rejects.md), in row order, and their counts.
// The file comes into being with the first reject.
// Thread-safety: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "base/reject.h"
#include "io/parquet/shard_writer.h"
#include "stage/manifest.h"
#include "stage/reject_privacy.h"

namespace arrow {
class Schema;
}

namespace millrace::stage {

/// `has_sensitive`: the table has sensitive columns, so that `value` and `raw` are marked
/// sensitive: whoever shows a reject file to a person masks them.
std::shared_ptr<arrow::Schema> RejectSchema(bool has_sensitive);

/// Where a rejected record stood: its file, and its number there.
struct RejectOrigin {
  std::string source, path;
  int64_t ordinal = 0;
};

class RejectWriter {
 public:
  RejectWriter(io::Store& store, std::string key_prefix, TaskPool* pool, bool has_sensitive,
               RejectPrivacy privacy);
  ~RejectWriter();

  /// `sensitive_value`: the value of a sensitive column, which `reject.value` leaves out.
  Status Add(const RejectOrigin& origin, const Reject& reject,
             const std::string& sensitive_value = "");
  /// The file's DataFile (its path is its key in the store), or none when there were no rejects.
  Result<std::vector<io::DataFile>> Finish();

  int64_t rows() const { return rows_; }
  /// By source, instance, rule and column.
  std::vector<RejectCount> Counts() const;

 private:
  struct Columns;
  Status Flush();

  io::Store& store_;
  std::string key_prefix_;
  TaskPool* pool_;
  std::shared_ptr<arrow::Schema> schema_;
  RejectPrivacy privacy_;
  std::unique_ptr<Columns> columns_;
  std::unique_ptr<io::ShardWriter> writer_;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, int64_t> counts_;
  int64_t rows_ = 0;
};

/// Adds `from` to `to`, one entry per source, instance, rule and column, sorted.
void AddRejectCounts(const std::vector<RejectCount>& from, std::vector<RejectCount>* to);

}  // namespace millrace::stage
