// The rejects of a split of a stage with operators, as a Parquet file (spec/rejects.md).
// Thread-safety: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/parquet/shard_writer.h"
#include "op/chain.h"
#include "stage/reject_privacy.h"
#include "stage/stage_store.h"

namespace millrace::stage {

/// The chain's reject columns but `position` and `full`, and with instances that keep rows as a
/// whole `row`: the row as it came into the stage, a struct of the user's columns.
std::shared_ptr<arrow::Schema> OperatorRejectSchema(const op::Chain& chain);

/// `rejects` (of Chain::rejects()) in that schema. `rows`: the batch they were dropped from.
/// Sensitive values inside `row` are kept, hashed or left out.
Result<std::shared_ptr<arrow::RecordBatch>> StoredRejects(
    const op::Chain& chain, const RejectPrivacy& privacy,
    const std::shared_ptr<arrow::RecordBatch>& rows, const arrow::RecordBatch& rejects);

/// The file comes into being with the first reject.
class OperatorRejectWriter {
 public:
  OperatorRejectWriter(const StageStore& place, const op::Chain& chain, std::string split_name,
                       TaskPool* pool)
      : place_(place), chain_(chain), split_name_(std::move(split_name)), pool_(pool) {}
  Status Write(const std::shared_ptr<arrow::RecordBatch>& rejects);
  /// Paths relative to the stage's folder.
  Result<std::vector<io::DataFile>> Finish();

 private:
  const StageStore& place_;
  const op::Chain& chain_;
  std::string split_name_;
  TaskPool* pool_;
  std::unique_ptr<io::ShardWriter> writer_;
};

}  // namespace millrace::stage
