// Files that hold what does not fit into memory while a stage runs. They are no part of its result:
// each is removed with its last reader.
// Thread-safety: a SpillFolder may be used from any thread; writers and readers belong to one.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "io/store.h"

namespace millrace::stage {

/// Removes its file when it goes, unless another process does.
class SpillFile {
 public:
  SpillFile(io::Store& store, std::string key, bool removes = true)
      : store_(store), key_(std::move(key)), removes_(removes) {}
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;
  io::Store& store() const { return store_; }
  const std::string& key() const { return key_; }

 private:
  io::Store& store_;
  std::string key_;
  bool removes_;
};

class SpillWriter {
 public:
  SpillWriter(io::Store& store, std::string key, std::unique_ptr<io::OutputFile> file)
      : store_(store), key_(std::move(key)), file_(std::move(file)) {}
  Status Write(const void* data, size_t bytes);
  Result<std::shared_ptr<SpillFile>> Finish();

 private:
  io::Store& store_;
  std::string key_;
  std::unique_ptr<io::OutputFile> file_;
};

class SpillReader {
 public:
  /// The whole file, or `bytes` of it from `begin` on.
  static Result<std::unique_ptr<SpillReader>> Open(
      std::shared_ptr<SpillFile> file, int64_t begin = 0,
      int64_t bytes = std::numeric_limits<int64_t>::max());
  /// False at the end; a file that ends within a value is WorkspaceDamaged.
  Result<bool> Read(void* value, size_t bytes);

 private:
  SpillReader() = default;
  std::shared_ptr<SpillFile> file_;
  std::shared_ptr<arrow::io::RandomAccessFile> input_;
  int64_t next_ = 0, left_ = 0;  // of the file
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
};

class SpillFolder {
 public:
  SpillFolder(io::Store& store, std::string folder) : store_(store), folder_(std::move(folder)) {}
  /// Removes what a killed run left. REQUIRES: no other run uses the folder.
  Status Clear();
  Result<std::unique_ptr<SpillWriter>> Create();

 private:
  io::Store& store_;
  std::string folder_;
};

}  // namespace millrace::stage
