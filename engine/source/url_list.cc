// Files behind URLs: as on disk, but a folder is only what keys begin with.
#include "source/url_list.h"

#include "io/object/store_url.h"
#include "io/zip/zip_store.h"
#include "source/archives.h"
#include "source/format_extension.h"
#include "source/glob.h"

namespace millrace::source {
namespace {

Status NothingMatches(const std::string& url, const std::string& why, const std::string& help) {
  return MakeError(ErrorCode::kUnreadablePath, "`" + url + "` " + why, help);
}

// "s3://bucket/a/b.csv" is "s3://bucket/a" and "b.csv".
struct Split {
  std::string folder, name;
};
Split SplitKey(const std::string& url, const io::StoreUrl& parsed) {
  const std::string origin =
      parsed.kind == io::StoreKind::kHttp ? parsed.bucket : parsed.scheme + "://" + parsed.bucket;
  const size_t slash = parsed.key.rfind('/');
  if (slash == std::string::npos) return {origin, parsed.key};
  return {origin + '/' + parsed.key.substr(0, slash), parsed.key.substr(slash + 1)};
}

class UrlExpansion {
 public:
  UrlExpansion(const std::string& url, const io::StorageOptions& storage, FileSource* source)
      : url_(url), storage_(storage), source_(source) {}

  Status Expand() {
    ARROW_ASSIGN_OR_RAISE(const io::StoreUrl parsed, io::ParseStoreUrl(url_));
    const Split split = SplitKey(url_, parsed);
    if (parsed.kind == io::StoreKind::kHttp) return OneOfWeb(parsed, split);
    const bool member = !io::SplitZipKey(parsed.key).member.empty();
    if (HasWildcard(parsed.key) || member) return Pattern(parsed);
    if (url_.back() != '/' && !parsed.key.empty()) {
      ARROW_RETURN_NOT_OK(Open(split.folder));
      ARROW_ASSIGN_OR_RAISE(const bool there, source_->store->Exists(split.name));
      if (there) return Add(split.name);
    }
    return Folder();
  }

 private:
  Status Open(const std::string& url) { return io::OpenUrl(url, storage_).Value(&source_->store); }
  Status Add(const std::string& key) {
    ARROW_ASSIGN_OR_RAISE(const io::FileInfo file, source_->store->Stat(key));
    ARROW_RETURN_NOT_OK(AddNamed(file, source_));
    if (!source_->files.empty()) return Status::OK();
    return NothingMatches(url_, "holds no file of this format", "");
  }

  Status OneOfWeb(const io::StoreUrl& parsed, const Split& split) {
    if (split.name.empty()) {
      return NothingMatches(url_, "names no file", "a web server cannot be listed: name a file");
    }
    ARROW_RETURN_NOT_OK(
        Open(parsed.query.empty() ? split.folder : split.folder + '?' + parsed.query));
    ARROW_ASSIGN_OR_RAISE(const bool there, source_->store->Exists(split.name));
    if (!there) return NothingMatches(split.folder + '/' + split.name, "is not there", "");
    return Add(split.name);
  }

  Status Pattern(const io::StoreUrl& parsed) {
    const io::ZipKey key = io::SplitZipKey(parsed.key);
    GlobParts parts = SplitGlob(key.archive);
    if (!key.member.empty()) parts.pattern += std::string(io::kZipMark) + key.member;
    ARROW_RETURN_NOT_OK(Open(io::JoinUrl(parsed.scheme + "://" + parsed.bucket, parts.root)));
    ARROW_ASSIGN_OR_RAISE(const auto all, source_->store->List(""));
    ARROW_RETURN_NOT_OK(AddMatching(all, parts.pattern, source_));
    if (!source_->files.empty()) return Status::OK();
    return NothingMatches(url_, "matches no object",
                          std::to_string(all.size()) + " objects are below " +
                              source_->store->Describe() + "; keys are case-sensitive");
  }

  Status Folder() {
    std::string folder = url_;
    while (folder.back() == '/' && folder.find("://") + 3 < folder.size()) folder.pop_back();
    ARROW_RETURN_NOT_OK(Open(folder));
    ARROW_ASSIGN_OR_RAISE(const auto all, source_->store->List(""));
    ARROW_RETURN_NOT_OK(AddOfFormat(all, source_));
    if (!source_->files.empty()) return Status::OK();
    if (all.empty()) {
      return NothingMatches(url_, "is not there",
                            "keys are case-sensitive; check the bucket, the "
                            "key and the endpoint");
    }
    return NothingMatches(url_, "holds no object of this format",
                          "a pattern such as `" + folder + "/*` takes any name");
  }

  const std::string& url_;
  const io::StorageOptions& storage_;
  FileSource* source_;
};

}  // namespace

Result<FileSource> ExpandUrl(const std::string& name, const std::string& url,
                             const io::StorageOptions& storage, const FormatOptions& format) {
  FileSource source;
  source.name = name;
  source.format = format;
  ARROW_RETURN_NOT_OK(UrlExpansion(url, storage, &source).Expand());
  return source;
}

}  // namespace millrace::source
