// Opens files that hold rows of a finished stage, whatever they are: shards, rejects, references.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/data_file.h"
#include "io/store.h"
#include "stage/row_reader.h"
#include "stage/rows_in_place.h"

namespace millrace::stage {

/// Thread-safety: any thread.
class RowAccess {
 public:
  /// `workspace` must outlive it. `in_place`: reads references; null where there are none.
  /// `ahead`: whether more of a reference is read than was asked for, by those who read on.
  explicit RowAccess(io::Store& workspace, std::shared_ptr<const RowsInPlace> in_place = nullptr,
                     bool ahead = true)
      : workspace_(workspace), in_place_(std::move(in_place)), ahead_(ahead) {}

  /// As ShardRows::Open and RowsInPlace::Open.
  Result<std::unique_ptr<RowReader>> Open(const io::DataFile& file,
                                          const std::vector<std::string>& columns,
                                          int64_t first_row = 0) const;
  /// RowsInPlace::Check of a reference; of what stands in the workspace nothing is asked.
  Status Check(const io::DataFile& file) const;
  /// Whether the file may hold the record of a source, "<path>#<ordinal>": references know.
  Result<bool> MayHold(const io::DataFile& file, const std::string& source,
                       const std::string& record) const;
  /// All that the rows of the file have.
  Result<std::vector<std::string>> ColumnsOf(const io::DataFile& file) const;

 private:
  io::Store& workspace_;
  const std::shared_ptr<const RowsInPlace> in_place_;
  const bool ahead_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<TaskPool> pool_;  // of readers of references; once it is needed
};

}  // namespace millrace::stage
