#include "io/zip/zip_store.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <xxhash.h>

#include <map>
#include <mutex>
#include <utility>

#include "io/zip/zip_archive.h"

namespace millrace::io {
namespace {

constexpr std::string_view kExtension = ".zip";

bool EndsInZip(std::string_view key) {
  if (key.size() < kExtension.size()) return false;
  for (size_t i = 0; i < kExtension.size(); ++i) {
    const char c = key[key.size() - kExtension.size() + i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kExtension[i]) return false;
  }
  return true;
}

FileInfo MemberInfo(const FileInfo& archive, const std::string& name, const ZipMember& member) {
  FileInfo info = archive;
  info.key = archive.key + std::string(kZipMark) + name;
  info.bytes = member.bytes;
  // The size is the member's now: what tells versions of the archive apart moves here.
  const uint64_t version[] = {archive.inode, static_cast<uint64_t>(archive.bytes), member.crc32,
                              member.place};
  info.inode = XXH3_64bits(version, sizeof(version));
  return info;
}

}  // namespace

/// One directory per archive and version.
class ZipStore::Directories {
 public:
  Result<std::shared_ptr<const ZipDirectory>> Of(Store& store, const FileInfo& archive) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto& [info, directory] = known_[archive.key];
    if (directory == nullptr || !info.SameVersion(archive)) {
      ARROW_ASSIGN_OR_RAISE(auto file, store.OpenForRead(archive.key));
      Result<ZipDirectory> read = ReadZipDirectory(std::move(file));
      if (!read.ok()) return WithContext(read.status(), archive.key);
      directory = std::make_shared<const ZipDirectory>(*std::move(read));
      info = archive;
    }
    return directory;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::pair<FileInfo, std::shared_ptr<const ZipDirectory>>> known_;
};

ZipKey SplitZipKey(const std::string& key) {
  for (size_t at = key.find(kZipMark); at != std::string::npos; at = key.find(kZipMark, at + 1)) {
    if (EndsInZip(std::string_view(key).substr(0, at))) {
      return {key.substr(0, at), key.substr(at + kZipMark.size())};
    }
  }
  return {key, ""};
}

ZipStore::ZipStore(std::shared_ptr<Store> inner)
    : inner_(std::move(inner)), directories_(std::make_unique<Directories>()) {}
ZipStore::~ZipStore() = default;

Result<bool> ZipStore::IsArchive(const FileInfo& file) {
  if (!EndsInZip(file.key)) return false;
  ARROW_ASSIGN_OR_RAISE(auto opened, inner_->OpenForRead(file.key));
  ARROW_ASSIGN_OR_RAISE(auto magic, opened->ReadAt(0, 4));
  return IsZip(std::string_view(*magic));
}

Result<std::vector<FileInfo>> ZipStore::Members(const FileInfo& archive) {
  ARROW_ASSIGN_OR_RAISE(const auto directory, directories_->Of(*inner_, archive));
  std::vector<FileInfo> members;
  for (const auto& [name, member] : *directory)
    members.push_back(MemberInfo(archive, name, member));
  return members;
}

Result<FileInfo> ZipStore::Stat(const std::string& key) {
  const ZipKey parts = SplitZipKey(key);
  if (parts.member.empty()) return inner_->Stat(key);
  ARROW_ASSIGN_OR_RAISE(const FileInfo archive, inner_->Stat(parts.archive));
  ARROW_ASSIGN_OR_RAISE(const auto directory, directories_->Of(*inner_, archive));
  const auto found = directory->find(parts.member);
  if (found != directory->end()) return MemberInfo(archive, found->first, found->second);
  return MakeError(ErrorCode::kIoFailed, "`" + key + "` is not there");
}

Result<bool> ZipStore::Exists(const std::string& key) {
  const ZipKey parts = SplitZipKey(key);
  ARROW_ASSIGN_OR_RAISE(const bool there, inner_->Exists(parts.archive));
  if (!there || parts.member.empty()) return there;
  ARROW_ASSIGN_OR_RAISE(const FileInfo archive, inner_->Stat(parts.archive));
  ARROW_ASSIGN_OR_RAISE(const auto directory, directories_->Of(*inner_, archive));
  return directory->count(parts.member) > 0;
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> ZipStore::OpenForRead(const std::string& key) {
  const ZipKey parts = SplitZipKey(key);
  if (parts.member.empty()) return inner_->OpenForRead(key);
  ARROW_ASSIGN_OR_RAISE(const FileInfo archive, inner_->Stat(parts.archive));
  ARROW_ASSIGN_OR_RAISE(const auto directory, directories_->Of(*inner_, archive));
  const auto found = directory->find(parts.member);
  if (found == directory->end()) {
    return MakeError(ErrorCode::kIoFailed, "`" + key + "` is not there");
  }
  ARROW_ASSIGN_OR_RAISE(auto file, inner_->OpenForRead(parts.archive));
  return OpenZipMember(std::move(file), found->first, found->second);
}

Result<std::string> ZipStore::ReadSmall(const std::string& key, int64_t bytes_max) {
  if (SplitZipKey(key).member.empty()) return inner_->ReadSmall(key, bytes_max);
  ARROW_ASSIGN_OR_RAISE(const FileInfo info, Stat(key));
  if (info.bytes > bytes_max) {
    return MakeError(ErrorCode::kIoFailed, "`" + key + "` is larger than expected");
  }
  ARROW_ASSIGN_OR_RAISE(auto file, OpenForRead(key));
  ARROW_ASSIGN_OR_RAISE(auto buffer, file->ReadAt(0, info.bytes));
  return buffer->ToString();
}

std::string ZipStore::Describe() const { return inner_->Describe(); }
Result<std::vector<FileInfo>> ZipStore::List(const std::string& prefix) {
  return inner_->List(prefix);
}
Result<std::unique_ptr<OutputFile>> ZipStore::Create(const std::string& near) {
  return inner_->Create(near);
}
Result<PutResult> ZipStore::PutIfAbsent(const std::string& key, std::string_view bytes) {
  return inner_->PutIfAbsent(key, bytes);
}
Status ZipStore::Replace(const std::string& key, std::string_view bytes) {
  return inner_->Replace(key, bytes);
}
Status ZipStore::LinkOrCopy(const std::string& from, Store& to_store, const std::string& to) {
  return inner_->LinkOrCopy(from, to_store, to);
}
Status ZipStore::Remove(const std::string& key) { return inner_->Remove(key); }
std::string ZipStore::LocalPath(const std::string& key) const {
  return SplitZipKey(key).member.empty() ? inner_->LocalPath(key) : "";
}

}  // namespace millrace::io
