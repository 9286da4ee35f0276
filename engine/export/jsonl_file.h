// One JSON Lines file of a release: blocks of rows become text on the pool and are written in
// order. Thread-safety: one thread; the pool does the work.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/sha256.h"
#include "export/parts.h"
#include "export/text_blocks.h"
#include "io/parquet/batch_recutter.h"
#include "io/parquet/logical_hash.h"

namespace millrace::exporting {

class JsonlFile {
 public:
  /// Keeps the references.
  JsonlFile(const ExportOptions& options, const PartTarget& target, const arrow::Schema& schema);
  ~JsonlFile();

  /// `name` within the target's folder.
  Status Open(const std::string& name);
  /// Blocks are cut by rows and bytes since the file's first row: how batches arrive is no matter.
  Status Write(std::shared_ptr<arrow::RecordBatch> batch);
  Result<io::DataFile> Finish();

  int64_t rows() const { return rows_; }
  /// Floats written as null so far; whole after Finish.
  int64_t non_finite() const { return non_finite_; }

 private:
  struct Job;
  Status Cut(bool end);
  Status WriteOldest();
  Status Put(const std::string& bytes);

  const ExportOptions& options_;
  const PartTarget& target_;
  io::BatchRecutter recutter_;
  io::LogicalHasher logical_;
  Sha256 hash_;
  size_t jobs_max_ = 1;
  std::string name_;
  std::unique_ptr<io::OutputFile> file_;
  std::unique_ptr<TextJoiner> joiner_;
  std::deque<std::shared_ptr<Job>> jobs_;
  int64_t rows_ = 0, non_finite_ = 0;
};

}  // namespace millrace::exporting
