// The second half of a stage that orders its rows: when all splits have left their rows in exchange
// files, partitions of the new order are put together, each a unit of commit.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "stage/operators/operator_run.h"

namespace millrace::stage {

/// Thread-safety: any thread.
class Partitions {
 public:
  /// `splits`: the committed first halves; they and the run must outlive it.
  static Result<std::unique_ptr<const Partitions>> Open(const OperatorRun& run,
                                                        const std::vector<CommitRecord>& splits);
  virtual ~Partitions() = default;
  virtual size_t count() const = 0;
  /// Without a call. `stop` must outlive it.
  virtual UnitOfWork UnitOf(size_t part, const std::atomic<bool>& stop) const = 0;
};

/// One record per partition, in order.
Result<std::vector<CommitRecord>> RunPartitions(const OperatorRun& run,
                                                const std::vector<CommitRecord>& splits);

/// The splits as the call of a partition names them: a file with the ids of their commits.
Result<std::vector<CommitRecord>> CommitsOfList(const OperatorRun& run, const std::string& key);

}  // namespace millrace::stage
