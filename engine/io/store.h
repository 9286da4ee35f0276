// The seam to storage. A workspace, a source or an export target is a Store and a key inside it;
// everything durable is written through here, so that tests can count, fail or tear each operation.
//
// Keys are '/'-separated and relative; a leaf's folders come into being with it. An object store
// implements the same calls: the local file system is not the model, the commit protocol is.
//
// Thread-safety: a Store may be used from any thread; an OutputFile belongs to one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace millrace::io {

struct FileInfo {
  std::string key;
  int64_t bytes = 0;
  int64_t mtime_ns = 0;
  uint64_t inode = 0;  // 0 where the store has none
  /// True when both describe the same unchanged file as far as the store can tell.
  bool SameVersion(const FileInfo& other) const {
    return bytes == other.bytes && mtime_ns == other.mtime_ns && inode == other.inode;
  }
};

enum class PutResult { kCreated, kExists };

/// A file being written. Nothing is visible under its key before Commit; a destroyed, uncommitted
/// OutputFile leaves at most litter under a temporary name.
class OutputFile {
 public:
  virtual ~OutputFile() = default;
  virtual Status Write(std::string_view bytes) = 0;
  /// Makes the bytes durable under `key` (file and folder synced). An equal key is replaced.
  virtual Status Commit(const std::string& key) = 0;
  /// The same for what can be made again: a power cut may take it.
  virtual Status CommitForNow(const std::string& key) { return Commit(key); }
  virtual int64_t bytes_written() const = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  /// Where the store lives, for messages; never written to data or manifests.
  virtual std::string Describe() const = 0;

  /// IoFailed with errno's text when it is not there; use Exists to ask.
  virtual Result<FileInfo> Stat(const std::string& key) = 0;
  virtual Result<bool> Exists(const std::string& key) = 0;
  /// What there is under a key, if anything.
  virtual Result<std::optional<FileInfo>> StatIfThere(const std::string& key) {
    ARROW_ASSIGN_OR_RAISE(const bool exists, Exists(key));
    if (!exists) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(FileInfo info, Stat(key));
    return std::optional<FileInfo>(std::move(info));
  }
  /// All files below the prefix, sorted by key bytes; empty when the prefix is not there.
  virtual Result<std::vector<FileInfo>> List(const std::string& prefix) = 0;

  virtual Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(
      const std::string& key) = 0;
  /// The whole of a small file. Error when it is larger than `bytes_max`.
  virtual Result<std::string> ReadSmall(const std::string& key, int64_t bytes_max = 64 << 20) = 0;

  /// `near` is a key whose folder will hold the temporary file (same device as the final key).
  virtual Result<std::unique_ptr<OutputFile>> Create(const std::string& near) = 0;
  /// Durable and atomic; the first put of a key wins. The basis of every commit.
  virtual Result<PutResult> PutIfAbsent(const std::string& key, std::string_view bytes) = 0;
  /// Durable and atomic; the last put wins. For pointers such as LATEST.json, never for commits.
  virtual Status Replace(const std::string& key, std::string_view bytes) = 0;
  /// Gives an existing file a second key, by hard link where possible, else by a copy.
  virtual Status LinkOrCopy(const std::string& from, Store& to_store, const std::string& to) = 0;
  /// Removing what is not there is no error.
  virtual Status Remove(const std::string& key) = 0;
  /// The local path of a key, or "" where there is none.
  virtual std::string LocalPath(const std::string& key) const = 0;
};

/// A folder of the local file system, which comes into being with the first write. New folders get
/// mode 0700 when `private_mode`. An invalid key (empty, absolute, with ".", ".." or empty parts,
/// with a NUL, or too long) is refused with IoFailed before anything is touched.
std::shared_ptr<Store> MakeLocalStore(const std::string& root, bool private_mode = false);

/// True for what an attempt that was killed may leave behind: List shows it, nobody reads it.
bool IsTemporaryKey(std::string_view key);
/// Removes temporary files below `prefix` whose writers are gone: what a kill leaves behind.
Status RemoveLitter(Store& store, const std::string& prefix);

/// Forwards to another store and fails on demand; for crash tests. Every durable operation (write,
/// commit, put, replace, link, remove) asks `next_operation` first; a non-OK answer is the crash:
/// it is the operation's result and that of every later call, reads included. With `tear` the crash
/// comes inside the operation: half of the bytes of a write are there, the other operations have
/// happened although their caller never learns it. Temporary files stay behind as after a kill,
/// until the faulty store itself is gone.
struct FaultPlan {
  std::function<Status(std::string_view operation, const std::string& key)> next_operation;
  bool tear = false;
};
std::shared_ptr<Store> MakeFaultyStore(std::shared_ptr<Store> inner, FaultPlan plan);

}  // namespace millrace::io
