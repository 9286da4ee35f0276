#include "io/object/object_store.h"

#include <arrow/io/interfaces.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "base/sha256.h"
#include "io/object/range_file.h"
#include "io/object/spool.h"
#include "io/object/store_url.h"
#include "io/store_key.h"

namespace millrace::io {
namespace {

constexpr char kProbeKey[] = ".millrace-probe";
constexpr size_t kKeyBytesMax = 1024;  // of S3 and Azure

Status ValidateKey(std::string_view key) {
  return ValidateStoreKey(key, StoreKeyLimits{.bytes_max = kKeyBytesMax});
}

/// An ETag says alone whether an object is the same, so it stands where a disk has the inode. Its
/// time is told to the second by one request and finer by another.
FileInfo Described(const ObjectInfo& object, std::string key) {
  constexpr int64_t kSecond = 1'000'000'000;
  FileInfo file;
  file.key = std::move(key);
  file.bytes = object.bytes;
  file.mtime_ns = object.mtime_ns / kSecond * kSecond;
  if (!object.etag.empty())
    file.inode = std::stoull(Sha256Hex(object.etag).substr(0, 15), nullptr, 16);
  return file;
}

class ObjectStore;

class ObjectOutput : public OutputFile {
 public:
  ObjectOutput(ObjectStore& store, const std::string& scratch) : store_(store), spool_(scratch) {}
  Status Write(std::string_view bytes) override { return spool_.Write(bytes); }
  Status Commit(const std::string& key) override;
  int64_t bytes_written() const override { return spool_.bytes(); }

 private:
  ObjectStore& store_;
  Spool spool_;
};

class ObjectStore : public Store {
 public:
  ObjectStore(std::shared_ptr<ObjectClient> client, ObjectStoreOptions options)
      : client_(std::move(client)), options_(std::move(options)) {}

  std::string Describe() const override {
    return options_.prefix.empty() ? client_->Describe()
                                   : client_->Describe() + '/' + options_.prefix;
  }

  Result<FileInfo> Stat(const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(const auto info, Head(key));
    if (info) return Described(*info, key);
    return NotThere(key);
  }
  Result<bool> Exists(const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(const auto info, Head(key));
    return info.has_value();
  }
  Result<std::optional<FileInfo>> StatIfThere(const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(const auto info, Head(key));
    if (!info) return std::nullopt;
    return std::optional<FileInfo>(Described(*info, key));
  }

  Result<std::vector<FileInfo>> List(const std::string& prefix) override {
    std::string folder = prefix;
    while (!folder.empty() && folder.back() == '/') folder.pop_back();
    if (!folder.empty()) ARROW_RETURN_NOT_OK(ValidateKey(folder));
    const std::string whole = folder.empty() ? Below("") : Below(folder) + '/';
    ARROW_ASSIGN_OR_RAISE(const std::vector<ObjectInfo> all, client_->List(whole));
    std::vector<FileInfo> files;
    std::string left_out;
    int64_t count_left_out = 0;
    for (const ObjectInfo& object : all) {
      if (object.key.rfind(whole, 0) != 0) continue;
      std::string key = object.key.substr(Below("").size());
      if (ValidateKey(key).ok()) {
        files.push_back(Described(object, std::move(key)));
      } else if (object.key.back() != '/' || object.bytes > 0) {
        // Some tools put an empty object "folder/" where they want a folder to be seen.
        if (++count_left_out == 1) left_out = object.key;
      }
    }
    if (count_left_out > 0) {
      Log(LogLevel::kWarning, "objects_left_out",
          {{"why", "their keys have empty parts, `.` or `..`, which no path names"},
           {"first", left_out},
           {"objects", std::to_string(count_left_out)}});
    }
    std::sort(files.begin(), files.end(),
              [](const FileInfo& a, const FileInfo& b) { return a.key < b.key; });
    return files;
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(
      const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(const auto info, Head(key));
    if (!info) return NotThere(key);
    ARROW_ASSIGN_OR_RAISE(auto whole, client_->OpenWhole(*info));
    if (whole) return whole;
    const int64_t bytes = info->bytes;
    auto fetch = [client = client_, info = *info](int64_t offset, int64_t length) {
      return client->GetRange(info, offset, length);
    };
    return MakeRangeFile(std::move(fetch), bytes);
  }
  Result<std::string> ReadSmall(const std::string& key, int64_t bytes_max) override {
    ARROW_RETURN_NOT_OK(ValidateKey(key));
    return client_->GetSmall(Below(key), bytes_max);
  }

  Result<std::unique_ptr<OutputFile>> Create(const std::string& near) override {
    ARROW_RETURN_NOT_OK(CheckWritable(near));
    return std::make_unique<ObjectOutput>(*this, options_.scratch);
  }
  Result<PutResult> PutIfAbsent(const std::string& key, std::string_view bytes) override {
    ARROW_RETURN_NOT_OK(CheckWritable(key));
    ARROW_RETURN_NOT_OK(Probe());
    return client_->PutIfAbsent(Below(key), bytes);
  }
  Status Replace(const std::string& key, std::string_view bytes) override {
    ARROW_RETURN_NOT_OK(CheckWritable(key));
    return client_->Put(Below(key), bytes);
  }

  Status LinkOrCopy(const std::string& from, Store& to_store, const std::string& to) override {
    ARROW_RETURN_NOT_OK(ValidateKey(from));
    ARROW_RETURN_NOT_OK(ValidateKey(to));
    auto* other = dynamic_cast<ObjectStore*>(&to_store);
    if (other != nullptr && !client_->read_only() &&
        other->client_->Server() == client_->Server()) {
      // Other credentials, or an object too large for one request: bytes that pass through here
      // serve as well.
      if (other->client_->Copy(*client_, Below(from), other->Below(to)).ok()) return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(auto in, OpenForRead(from));
    ARROW_ASSIGN_OR_RAISE(auto out, to_store.Create(to));
    for (std::string buffer(1 << 20, '\0');;) {
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes,
                            in->Read(static_cast<int64_t>(buffer.size()), buffer.data()));
      if (bytes == 0) return out->Commit(to);
      ARROW_RETURN_NOT_OK(out->Write(std::string_view(buffer.data(), static_cast<size_t>(bytes))));
    }
  }

  Status Remove(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckWritable(key));
    return client_->Delete(Below(key));
  }
  std::string LocalPath(const std::string&) const override { return ""; }

  const std::string& scratch() const { return options_.scratch; }

  Status Send(Spool& spool, const std::string& key) {
    ARROW_RETURN_NOT_OK(CheckWritable(key));
    return client_->PutLarge(Below(key), spool.bytes(), [&](int64_t offset, int64_t bytes) {
      return spool.Read(offset, bytes);
    });
  }

 private:
  std::string Below(const std::string& key) const {
    return options_.prefix.empty() ? key : options_.prefix + '/' + key;
  }
  Status NotThere(const std::string& key) const {
    return MakeError(ErrorCode::kIoFailed, JoinUrl(Describe(), key) + " is not there");
  }
  Status CheckWritable(const std::string& key) const {
    ARROW_RETURN_NOT_OK(ValidateKey(key));
    if (!client_->read_only()) return Status::OK();
    return MakeError(ErrorCode::kUnreadablePath, Describe() + " can only be read",
                     "write to a folder, s3://, abfs:// or gs://");
  }

  Result<std::optional<ObjectInfo>> Head(const std::string& key) {
    ARROW_RETURN_NOT_OK(ValidateKey(key));
    return client_->Head(Below(key));
  }

  // Commits rest on it, so it is seen once per process rather than believed.
  Status Probe() {
    std::lock_guard<std::mutex> lock(probe_mutex_);
    if (probed_) return Status::OK();
    const std::string key = Below(kProbeKey);
    ARROW_ASSIGN_OR_RAISE(PutResult result, client_->PutIfAbsent(key, "1\n"));
    if (result == PutResult::kCreated) {
      ARROW_ASSIGN_OR_RAISE(result, client_->PutIfAbsent(key, "2\n"));
    }
    if (result == PutResult::kCreated) {
      return MakeError(ErrorCode::kBadValue,
                       client_->Describe() +
                           " takes a second put of a key that must be absent, "
                           "so two runs could overwrite each other's commits",
                       "use a store that honours conditional writes (If-None-Match), or a local "
                       "workspace");
    }
    probed_ = true;
    return Status::OK();
  }

  const std::shared_ptr<ObjectClient> client_;
  const ObjectStoreOptions options_;
  std::mutex probe_mutex_;
  bool probed_ = false;
};

Status ObjectOutput::Commit(const std::string& key) { return store_.Send(spool_, key); }

}  // namespace

std::string ScratchSettingOf(const Store& store) {
  const auto* object_store = dynamic_cast<const ObjectStore*>(&store);
  return object_store == nullptr ? "" : object_store->scratch();
}

std::shared_ptr<Store> MakeObjectStore(std::shared_ptr<ObjectClient> client,
                                       ObjectStoreOptions options) {
  return std::make_shared<ObjectStore>(std::move(client), std::move(options));
}

}  // namespace millrace::io
