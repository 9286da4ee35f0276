// Where a Parquet file's bytes go: an OutputFile, hashed on the way.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>

#include "base/sha256.h"
#include "io/store.h"

namespace millrace::io {

/// Thread-safety: one thread at a time.
class FileSink : public arrow::io::OutputStream {
 public:
  explicit FileSink(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {}

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t bytes) override;
  Result<int64_t> Tell() const override { return position_; }
  Status Close() override;
  bool closed() const override { return closed_; }

  /// REQUIRES: closed. To be called once.
  std::string FinishSha256() { return hash_.FinishHex(); }
  Status Commit(const std::string& key) { return file_->Commit(key); }

 private:
  Status FlushBlock();

  std::unique_ptr<OutputFile> file_;
  Sha256 hash_;
  std::string block_;  // small writes are joined
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace millrace::io
