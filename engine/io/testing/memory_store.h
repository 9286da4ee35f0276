// A Store in memory, for tests that look at keys and bytes and need no disk. It keeps the contract
// of store.h: nothing is visible before Commit, the first PutIfAbsent of a key wins.
//
// Thread-safety: as any Store.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "io/store.h"

namespace millrace::io {

class MemoryStore : public Store {
 public:
  std::string Describe() const override { return "memory"; }

  Result<FileInfo> Stat(const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(Blob blob, Find(key));
    return FileInfo{key, static_cast<int64_t>(blob->size()), 0, 0};
  }
  Result<bool> Exists(const std::string& key) override {
    std::lock_guard<std::mutex> lock(mutex_);
    return blobs_.count(key) != 0;
  }
  Result<std::vector<FileInfo>> List(const std::string& prefix) override {
    std::lock_guard<std::mutex> lock(mutex_);
    std::vector<FileInfo> files;
    for (const auto& [key, blob] : blobs_) {
      if (key.rfind(prefix, 0) == 0) {
        files.push_back(FileInfo{key, static_cast<int64_t>(blob->size()), 0, 0});
      }
    }
    return files;
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(
      const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(Blob blob, Find(key));
    return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(*blob));
  }
  Result<std::string> ReadSmall(const std::string& key, int64_t bytes_max) override {
    ARROW_ASSIGN_OR_RAISE(Blob blob, Find(key));
    if (static_cast<int64_t>(blob->size()) > bytes_max) {
      return MakeError(ErrorCode::kIoFailed, key + " is larger than expected");
    }
    return *blob;
  }

  Result<std::unique_ptr<OutputFile>> Create(const std::string&) override {
    return std::make_unique<File>(this);
  }
  Result<PutResult> PutIfAbsent(const std::string& key, std::string_view bytes) override {
    std::lock_guard<std::mutex> lock(mutex_);
    bool created = blobs_.emplace(key, std::make_shared<std::string>(bytes)).second;
    return created ? PutResult::kCreated : PutResult::kExists;
  }
  Status Replace(const std::string& key, std::string_view bytes) override {
    std::lock_guard<std::mutex> lock(mutex_);
    blobs_[key] = std::make_shared<std::string>(bytes);
    return Status::OK();
  }
  Status LinkOrCopy(const std::string& from, Store& to_store, const std::string& to) override {
    ARROW_ASSIGN_OR_RAISE(Blob blob, Find(from));
    return to_store.Replace(to, *blob);
  }
  Status Remove(const std::string& key) override {
    std::lock_guard<std::mutex> lock(mutex_);
    blobs_.erase(key);
    return Status::OK();
  }
  std::string LocalPath(const std::string&) const override { return ""; }

 private:
  using Blob = std::shared_ptr<const std::string>;

  class File : public OutputFile {
   public:
    explicit File(MemoryStore* store) : store_(store) {}
    Status Write(std::string_view bytes) override {
      bytes_.append(bytes);
      return Status::OK();
    }
    Status Commit(const std::string& key) override { return store_->Replace(key, bytes_); }
    int64_t bytes_written() const override { return static_cast<int64_t>(bytes_.size()); }

   private:
    MemoryStore* store_;
    std::string bytes_;
  };

  Result<Blob> Find(const std::string& key) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = blobs_.find(key);
    if (found == blobs_.end()) return MakeError(ErrorCode::kIoFailed, key + ": no such file");
    return found->second;
  }

  std::mutex mutex_;
  std::map<std::string, Blob> blobs_;
};

}  // namespace millrace::io
