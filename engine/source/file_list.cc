#include <algorithm>
#include <filesystem>
#include <system_error>

#include "io/zip/zip_store.h"
#include "source/archives.h"
#include "source/file_source.h"
#include "source/format_extension.h"
#include "source/glob.h"

namespace millrace::source {
namespace {

namespace fs = std::filesystem;

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

// What is there instead: the nearest folder that exists, and a name in it that is close.
std::string WhatIsThere(fs::path path) {
  std::error_code ignored;
  fs::path missing = path.filename();
  while (path.has_parent_path() && path != path.parent_path()) {
    missing = path.filename();
    path = path.parent_path();
    if (fs::is_directory(path, ignored)) break;
  }
  std::vector<std::string> names;
  constexpr size_t kNamesMax = 10000;
  for (fs::directory_iterator it(path, ignored), end; it != end && names.size() < kNamesMax;
       it.increment(ignored)) {
    names.push_back(it->path().filename().string());
    if (ignored) break;
  }
  std::sort(names.begin(), names.end());
  const std::string meant = DidYouMean(missing.string(), names);
  if (!meant.empty()) return meant;
  if (names.empty()) return "the folder " + path.string() + " is empty";
  if (names.size() > 5) names.resize(5);
  return "in " + path.string() + " there are for example " + Joined(names);
}

Result<FileSource> NothingMatches(const std::string& path, std::string why, std::string help) {
  return MakeError(ErrorCode::kUnreadablePath, "`" + path + "` " + std::move(why), std::move(help));
}

Status ListFolder(const std::string& path, FileSource* source) {
  ARROW_ASSIGN_OR_RAISE(const auto all, source->store->List(""));
  ARROW_RETURN_NOT_OK(AddOfFormat(all, source));
  if (!source->files.empty()) return Status::OK();
  return NothingMatches(
             path, "holds no file of this format",
             "looked for " + Joined(ExtensionsOf(source->format)) +
                 ", plain or with .gz, .zst, .bz2 or .lz4, in it and in the folders below; " +
                 "a pattern such as `" + path + "/*` takes any name")
      .status();
}

Status ListPattern(const std::string& path, const std::string& pattern, FileSource* source) {
  ARROW_ASSIGN_OR_RAISE(const auto all, source->store->List(""));
  ARROW_RETURN_NOT_OK(AddMatching(all, pattern, source));
  if (!source->files.empty()) return Status::OK();
  return NothingMatches(path, "matches no file",
                        WhatIsThere(fs::path(source->store->Describe()) / pattern))
      .status();
}

}  // namespace

Result<FileSource> ExpandFiles(const std::string& name, const std::string& path,
                               const std::string& base, const FormatOptions& format) {
  FileSource source;
  source.name = name;
  source.format = format;
  const fs::path whole = (fs::path(base) / path).lexically_normal();
  std::error_code error;
  const fs::file_status status = fs::status(whole, error);
  if (fs::is_directory(status)) {
    source.store = io::MakeLocalStore(whole.string());
    ARROW_RETURN_NOT_OK(ListFolder(path, &source));
  } else if (fs::exists(status)) {
    if (!fs::is_regular_file(status)) {
      return NothingMatches(path, "is neither a file nor a folder", "");
    }
    source.store = io::MakeLocalStore(whole.parent_path().string());
    ARROW_ASSIGN_OR_RAISE(const auto file, source.store->Stat(whole.filename().string()));
    ARROW_RETURN_NOT_OK(AddNamed(file, &source));
    if (source.files.empty()) {
      return NothingMatches(path, "holds no file of this format",
                            "looked for " + Joined(ExtensionsOf(format)) + " in it; `" + path +
                                "!/*` takes any name");
    }
  } else if (HasWildcard(path) || !io::SplitZipKey(path).member.empty()) {
    // Only `path` is a pattern: brackets in the base folder's own name are letters.
    const io::ZipKey key = io::SplitZipKey(path);
    GlobParts parts = SplitGlob(fs::path(key.archive).lexically_normal().string());
    if (!key.member.empty()) parts.pattern += std::string(io::kZipMark) + key.member;
    const fs::path root = (fs::path(base) / parts.root).lexically_normal();
    if (!fs::is_directory(root, error)) {
      return NothingMatches(path, "matches no file", WhatIsThere(root));
    }
    source.store = io::MakeLocalStore(root.string());
    ARROW_RETURN_NOT_OK(ListPattern(path, parts.pattern, &source));
  } else if (status.type() == fs::file_type::not_found) {
    return NothingMatches(path, "is not there", WhatIsThere(whole));
  } else {
    return NothingMatches(path, "cannot be looked at: " + error.message(), "");
  }
  return source;
}

Status CheckUnchanged(const FileSource& source, const io::FileInfo& file) {
  if (const auto* rows = std::get_if<io::DatasetReadOptions>(&source.format)) {
    return rows->dataset->check_unchanged ? rows->dataset->check_unchanged() : Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const bool there, source.store->Exists(file.key));
  if (there) {
    ARROW_ASSIGN_OR_RAISE(const io::FileInfo now, source.store->Stat(file.key));
    if (now.SameVersion(file)) return Status::OK();
  }
  return MakeError(ErrorCode::kFileChanged,
                   "source `" + source.name + "`: " + file.key +
                       (there ? " changed while it was read" : " went away while it was read"),
                   "run again when nothing writes to it");
}

}  // namespace millrace::source
