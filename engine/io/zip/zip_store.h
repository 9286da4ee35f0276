// A store whose zip archives are folders as well: "a.zip!/b/c.csv" is the member "b/c.csv" of
// "a.zip". Members are read and looked at, nothing is written into an archive.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/store.h"

namespace millrace::io {

/// Between an archive's key and a member's name.
inline constexpr std::string_view kZipMark = "!/";

class ZipStore : public Store {
 public:
  explicit ZipStore(std::shared_ptr<Store> inner);
  ~ZipStore() override;

  /// Whether the file is named .zip and is one.
  Result<bool> IsArchive(const FileInfo& file);
  /// The members of an archive, in the order of their names. Changes with the archive.
  Result<std::vector<FileInfo>> Members(const FileInfo& archive);

  std::string Describe() const override;
  Result<FileInfo> Stat(const std::string& key) override;
  Result<bool> Exists(const std::string& key) override;
  Result<std::vector<FileInfo>> List(const std::string& prefix) override;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForRead(const std::string& key) override;
  Result<std::string> ReadSmall(const std::string& key, int64_t bytes_max) override;
  Result<std::unique_ptr<OutputFile>> Create(const std::string& near) override;
  Result<PutResult> PutIfAbsent(const std::string& key, std::string_view bytes) override;
  Status Replace(const std::string& key, std::string_view bytes) override;
  Status LinkOrCopy(const std::string& from, Store& to_store, const std::string& to) override;
  Status Remove(const std::string& key) override;
  std::string LocalPath(const std::string& key) const override;

 private:
  class Directories;
  std::shared_ptr<Store> inner_;
  std::unique_ptr<Directories> directories_;
};

/// Where a key or pattern names something in an archive: the archive's part and the member's.
struct ZipKey {
  std::string archive, member;  // member: "" when there is none
};
ZipKey SplitZipKey(const std::string& key);

}  // namespace millrace::io
