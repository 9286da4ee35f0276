// Where the bytes of a file of rows go: an OutputFile, hashed on the way where that is wanted.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/sha256.h"
#include "io/store.h"

namespace millrace::io {

/// Thread-safety: one thread at a time.
class FileSink : public arrow::io::OutputStream {
 public:
  explicit FileSink(std::unique_ptr<OutputFile> file, bool hashes = true)
      : file_(std::move(file)), hashes_(hashes) {}

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t bytes) override;
  Result<int64_t> Tell() const override { return position_; }
  Status Close() override;
  bool closed() const override { return closed_; }

  /// REQUIRES: closed, and it hashes. To be called once.
  std::string FinishSha256() { return hash_.FinishHex(); }
  Status Commit(const std::string& key) { return file_->Commit(key); }
  Status CommitForNow(const std::string& key) { return file_->CommitForNow(key); }

 private:
  Status FlushBlock();
  Status Put(std::string_view bytes);

  std::unique_ptr<OutputFile> file_;
  const bool hashes_;
  Sha256 hash_;
  std::string block_;  // small writes are joined
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace millrace::io
