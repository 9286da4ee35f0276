#include "source/archives.h"

#include <algorithm>
#include <memory>

#include "io/zip/zip_store.h"
#include "source/format_extension.h"
#include "source/glob.h"

namespace millrace::source {
namespace {

bool IsHidden(std::string_view key) {
  return key[0] == '.' || key.find("/.") != std::string_view::npos;
}

bool IsParquet(const FileSource& source) {
  return std::holds_alternative<io::ParquetReadOptions>(source.format);
}

class Archives {
 public:
  explicit Archives(FileSource* source) : source_(source), store_(source->store) {}

  Result<bool> IsArchive(const io::FileInfo& file) { return store_.IsArchive(file); }

  /// Adds the members that `wanted` takes.
  template <typename Wanted>
  Status Add(const io::FileInfo& archive, const Wanted& wanted) {
    if (IsParquet(*source_)) {
      return MakeError(ErrorCode::kUnreadablePath,
                       "Parquet files in a zip archive are not read (`" + archive.key + "`)",
                       "unpack the archive; Parquet is compressed in itself");
    }
    if (!met_) met_ = std::make_shared<io::ZipStore>(source_->store);
    ARROW_ASSIGN_OR_RAISE(auto members, met_->Members(archive));
    for (io::FileInfo& member : members) {
      const std::string name = io::SplitZipKey(member.key).member;
      if (!IsHidden(name) && wanted(name)) source_->files.push_back(std::move(member));
    }
    return Status::OK();
  }
  Status AddByExtension(const io::FileInfo& archive) {
    const std::vector<std::string> extensions = ExtensionsOf(source_->format);
    return Add(archive, [&](const std::string& name) { return HasExtension(name, extensions); });
  }

  void Finish() {
    if (!met_) return;
    source_->store = met_;
    std::sort(source_->files.begin(), source_->files.end(),
              [](const io::FileInfo& a, const io::FileInfo& b) { return a.key < b.key; });
  }

 private:
  FileSource* source_;
  io::ZipStore store_;
  std::shared_ptr<io::ZipStore> met_;
};

}  // namespace

Status AddMatching(const std::vector<io::FileInfo>& all, const std::string& pattern,
                   FileSource* source) {
  const io::ZipKey parts = io::SplitZipKey(pattern);
  Archives archives(source);
  for (const io::FileInfo& file : all) {
    if (!GlobMatches(parts.archive, file.key)) continue;
    ARROW_ASSIGN_OR_RAISE(const bool archive, archives.IsArchive(file));
    if (archive && !parts.member.empty()) {
      ARROW_RETURN_NOT_OK(archives.Add(
          file, [&](const std::string& name) { return GlobMatches(parts.member, name); }));
    } else if (archive) {
      ARROW_RETURN_NOT_OK(archives.AddByExtension(file));
    } else if (parts.member.empty()) {
      source->files.push_back(file);
    }
  }
  archives.Finish();
  return Status::OK();
}

Status AddOfFormat(const std::vector<io::FileInfo>& all, FileSource* source) {
  const std::vector<std::string> extensions = ExtensionsOf(source->format);
  Archives archives(source);
  for (const io::FileInfo& file : all) {
    if (IsHidden(file.key)) continue;
    if (HasExtension(file.key, extensions)) {
      source->files.push_back(file);
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const bool archive, archives.IsArchive(file));
    if (archive && !IsParquet(*source)) ARROW_RETURN_NOT_OK(archives.AddByExtension(file));
  }
  archives.Finish();
  return Status::OK();
}

Status AddNamed(const io::FileInfo& file, FileSource* source) {
  Archives archives(source);
  ARROW_ASSIGN_OR_RAISE(const bool archive, archives.IsArchive(file));
  if (!archive) {
    source->files.push_back(file);
    return Status::OK();
  }
  ARROW_RETURN_NOT_OK(archives.AddByExtension(file));
  archives.Finish();
  return Status::OK();
}

}  // namespace millrace::source
