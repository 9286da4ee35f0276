// The SHA-256 of input files: learned while a file is read, kept in the workspace by size, mtime
// and inode so that the next run knows it without reading, computed in a pass of its own where it
// must be known before.
//
// Thread-safety: all members may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "source/file_source.h"

namespace millrace::stage {

class FileHashes {
 public:
  /// `now_ns`: the time of day; a file that changed a moment ago could change again without its
  /// mtime telling, so its hash is not kept. `cancelled` may be null.
  FileHashes(io::Store& workspace, std::function<int64_t()> now_ns,
             std::function<Status(const source::FileSource&, const io::FileInfo&)> check_unchanged,
             const std::atomic<bool>* cancelled);

  /// Reads what earlier runs learned of the source's files as they are now; the rest is forgotten.
  /// A damaged cache counts as none.
  void Load(const source::FileSource& source);
  void Learn(const source::FileSource& source, const io::FileInfo& file, const std::string& sha256);
  /// The hash as far as it is known without reading; else "".
  std::string Known(const source::FileSource& source, const io::FileInfo& file);
  /// The known hash, else the file is read.
  Result<std::string> Of(const source::FileSource& source, const io::FileInfo& file);
  /// Writes the caches that have grown; `if_worthwhile`: only those that grew a good deal.
  Status Save(bool if_worthwhile);

 private:
  struct Entry {
    std::mutex reading;  // one reader per file
    io::FileInfo file;
    std::string sha256;  // empty: not known
    bool keep = false;
  };
  struct Cache {
    std::map<std::string, std::shared_ptr<Entry>> entries;  // by path
    size_t unsaved = 0;
  };

  std::shared_ptr<Entry> EntryOf(const std::string& source, const io::FileInfo& file);
  Result<std::string> ReadAll(io::Store& store, const io::FileInfo& file);

  io::Store& workspace_;
  std::function<int64_t()> now_ns_;
  std::function<Status(const source::FileSource&, const io::FileInfo&)> check_unchanged_;
  const std::atomic<bool>* cancelled_;
  std::mutex mutex_;  // of caches_; taken inside Entry::reading, never around it
  std::mutex saving_;
  std::map<std::string, Cache> caches_;  // by source
};

}  // namespace millrace::stage
