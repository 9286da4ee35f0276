// What a protocol of object storage must be able to do; object_store.h makes a Store of it. A
// protocol is one class in one file pair.
//
// Thread-safety: a client may be used from any thread.
// Errors: PermissionDenied for refused credentials, UnreadablePath for a bucket that is not there,
// FileChanged where an object is no longer the version asked for, else IoFailed. Every message
// names bucket and key, none a credential.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/store.h"

namespace millrace::io {

struct ObjectInfo {
  std::string key;
  int64_t bytes = 0;
  int64_t mtime_ns = 0;
  std::string etag = {};  // without quotes; "" where the server gives none
};

/// Bytes to send, read piece by piece and, after a failed attempt, again.
using PieceReader = std::function<Result<std::string>(int64_t offset, int64_t bytes)>;

class ObjectClient {
 public:
  virtual ~ObjectClient() = default;

  /// "s3://bucket".
  virtual std::string Describe() const = 0;
  /// Two clients of the same server and account can copy between each other.
  virtual std::string Server() const = 0;
  virtual bool read_only() const { return false; }

  /// nullopt when there is no such object.
  virtual Result<std::optional<ObjectInfo>> Head(const std::string& key) = 0;
  /// All objects whose key begins with `prefix`, in any order.
  virtual Result<std::vector<ObjectInfo>> List(const std::string& prefix) = 0;
  /// `bytes` bytes from `offset` on, which the object must hold; FileChanged when its ETag is no
  /// longer `info.etag`.
  virtual Result<std::string> GetRange(const ObjectInfo& info, int64_t offset, int64_t bytes) = 0;
  /// An object of at most `bytes_max` bytes.
  virtual Result<std::string> GetSmall(const std::string& key, int64_t bytes_max) = 0;
  /// By other means than ranges where the server has none; null: ranges it is.
  virtual Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenWhole(const ObjectInfo&) {
    return nullptr;
  }

  virtual Status Put(const std::string& key, std::string_view bytes) = 0;
  virtual Result<PutResult> PutIfAbsent(const std::string& key, std::string_view bytes) = 0;
  /// Visible as a whole or not at all.
  virtual Status PutLarge(const std::string& key, int64_t bytes, const PieceReader& read) = 0;
  /// From a bucket of the same Server().
  virtual Status Copy(ObjectClient& from, const std::string& from_key, const std::string& to) = 0;
  /// Deleting what is not there is no error.
  virtual Status Delete(const std::string& key) = 0;
};

}  // namespace millrace::io
