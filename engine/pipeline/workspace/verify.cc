#include <arrow/io/interfaces.h>

#include <filesystem>
#include <limits>

#include "base/sha256.h"
#include "export/release_json.h"
#include "io/object/store_url.h"
#include "millrace/workspace.h"
#include "pipeline/stored_json.h"
#include "pipeline/workspace/snapshots_json.h"
#include "pipeline/workspace/stage_folders.h"

namespace millrace {
namespace {

constexpr int64_t kReadBytes = 1 << 20;

Result<std::string> HashOf(io::Store& store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(auto file, store.OpenForRead(key));
  Sha256 hash;
  std::string buffer(static_cast<size_t>(kReadBytes), '\0');
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, file->Read(kReadBytes, buffer.data()));
    if (got == 0) return hash.FinishHex();
    hash.Update(buffer.data(), static_cast<size_t>(got));
  }
}

// "" when the file is as its record says.
std::string Problem(io::Store& store, const pipeline::NamedFile& named) {
  const std::string& key = named.data.path;
  const std::string by = ", which `" + named.named_by + "` names,";
  const Result<bool> exists = store.Exists(key);
  if (!exists.ok())
    return "`" + key + "`" + by + " cannot be looked at: " + exists.status().message();
  if (!*exists) return "`" + key + "`" + by + " is missing";
  const Result<io::FileInfo> info = store.Stat(key);
  if (info.ok() && info->bytes != named.data.bytes) {
    return "`" + key + "`" + by + " has " + std::to_string(info->bytes) + " bytes instead of " +
           std::to_string(named.data.bytes);
  }
  const Result<std::string> hash = HashOf(store, key);
  if (!hash.ok()) return "`" + key + "`" + by + " cannot be read: " + hash.status().message();
  if (*hash != named.data.sha256) return "`" + key + "`" + by + " has another SHA-256";
  return "";
}

Result<std::shared_ptr<io::Store>> OpenFolder(const std::string& path) {
  if (io::IsUrl(path)) return io::OpenUrl(path, io::StorageOptions());
  return io::MakeLocalStore(std::filesystem::absolute(path).lexically_normal().string());
}

Result<bool> IsReleaseOrTarget(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto store, OpenFolder(path));
  ARROW_ASSIGN_OR_RAISE(const bool target, store->Exists(exporting::kLatestName));
  if (target) return true;
  return store->Exists(exporting::kReleaseManifestName);
}

// Of a target: the release that its LATEST.json names. "" when what it names is not there or not
// what was published; the result says so.
Result<std::string> LatestRelease(io::Store& store, VerifyResult* result) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, store.ReadSmall(exporting::kLatestName));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const Result<exporting::Latest> latest = exporting::ParseLatest(text);
  ++result->files_checked;
  result->bytes_checked += static_cast<int64_t>(text.size());
  // It names a folder beside it, nothing else.
  const std::string id = latest.ok() ? latest->release_id : "";
  if (id.empty() || id.find('/') != std::string::npos || id.front() == '.') {
    result->problems.push_back("`LATEST.json` cannot be read");
    return "";
  }
  const std::string manifest = id + "/" + exporting::kReleaseManifestName;
  ARROW_ASSIGN_OR_RAISE(const bool complete, store.Exists(manifest));
  if (!complete) {
    result->problems.push_back("the release `" + id +
                               "`, which `LATEST.json` names, is missing or not complete");
    return "";
  }
  ARROW_ASSIGN_OR_RAISE(const std::string hash, HashOf(store, manifest));
  if (pipeline::TextOf(json, "manifest_sha256") != hash) {
    result->problems.push_back("`" + manifest + "` has another SHA-256 than `LATEST.json` says");
  }
  return id;
}

Status CheckRelease(const std::string& folder, VerifyResult* result) {
  ARROW_ASSIGN_OR_RAISE(const auto store, OpenFolder(folder));
  const std::string name = exporting::kReleaseManifestName;
  ARROW_ASSIGN_OR_RAISE(const std::string text,
                        store->ReadSmall(name, std::numeric_limits<int64_t>::max()));
  ++result->files_checked;
  result->bytes_checked += static_cast<int64_t>(text.size());
  const Result<exporting::Release> release = exporting::ParseReleaseManifest(text);
  if (!release.ok()) {
    result->problems.push_back("`" + name + "` cannot be read");
    return Status::OK();
  }
  int64_t rows = 0;
  for (const io::DataFile& file : release->files) rows += file.rows;
  std::vector<io::DataFile> files = release->files;
  if (!release->reject_file.path.empty()) files.push_back(release->reject_file);
  for (const io::DataFile& file : files) {
    ++result->files_checked;
    result->bytes_checked += file.bytes;
    std::string problem = Problem(*store, {file, name});
    if (!problem.empty()) result->problems.push_back(std::move(problem));
  }
  if (rows != release->rows) {
    result->problems.push_back("`" + name + "` does not account for every row");
  }
  return Status::OK();
}

void CheckFiles(io::Store& store, const std::map<std::string, pipeline::NamedFile>& files,
                VerifyResult* result) {
  for (const auto& [key, named] : files) {
    ++result->files_checked;
    result->bytes_checked += named.data.bytes;
    std::string problem = Problem(store, named);
    if (!problem.empty()) result->problems.push_back(std::move(problem));
  }
}

}  // namespace

Result<VerifyResult> VerifyRelease(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const bool known, IsReleaseOrTarget(path));
  if (!known) {
    return MakeError(ErrorCode::kUnreadablePath, "`" + path + "` is no release",
                     "a release has `_millrace.json`, an export's target `LATEST.json`");
  }
  VerifyResult result;
  result.kind = "release";
  std::string release = path;
  ARROW_ASSIGN_OR_RAISE(const auto store, OpenFolder(path));
  ARROW_ASSIGN_OR_RAISE(const bool is_target, store->Exists(exporting::kLatestName));
  if (is_target) {
    ARROW_ASSIGN_OR_RAISE(const std::string id, LatestRelease(*store, &result));
    if (id.empty()) return result;
    release += (path.back() == '/' ? "" : "/") + id;
  }
  ARROW_RETURN_NOT_OK(CheckRelease(release, &result));
  return result;
}

Result<VerifyResult> Verify(const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder(path);
  if (!io::IsUrl(path) && !std::filesystem::is_directory(folder, error)) {
    return MakeError(ErrorCode::kUnreadablePath, "there is no folder `" + path + "`");
  }
  ARROW_ASSIGN_OR_RAISE(const bool is_release, IsReleaseOrTarget(path));
  if (is_release) return VerifyRelease(path);
  if (!io::IsUrl(path) && !std::filesystem::exists(folder / "runs", error) &&
      !std::filesystem::exists(folder / "stages", error)) {
    return MakeError(ErrorCode::kUnreadablePath,
                     "`" + path + "` is neither a workspace nor a release",
                     "a workspace has `runs` and `stages`, a release `_millrace.json`, the target "
                     "of an export `LATEST.json` once a release is complete");
  }
  return VerifyWorkspace(path);
}

Result<VerifyResult> VerifyWorkspace(const std::string& workspace) {
  ARROW_ASSIGN_OR_RAISE(const auto store, pipeline::OpenWorkspace(workspace));
  ARROW_ASSIGN_OR_RAISE(const auto stages, pipeline::ReadStageFolders(*store));
  VerifyResult result;
  result.kind = "workspace";
  for (const pipeline::StageFolder& stage : stages) {
    for (const std::string& sentence : stage.unreadable) result.problems.push_back(sentence);
    for (const stage::Manifest& manifest : stage.manifests) {
      if (!manifest.rows.holds()) {
        result.problems.push_back("the manifest of table `" + manifest.table + "` in `" +
                                  stage.folder + "` does not account for every row");
      }
    }
    result.files_checked += static_cast<int64_t>(stage.records.size());
    CheckFiles(*store, stage.named, &result);
  }
  std::map<std::string, pipeline::NamedFile> pages;
  ARROW_RETURN_NOT_OK(pipeline::NameSnapshotFiles(*store, &pages, &result.problems));
  CheckFiles(*store, pages, &result);
  return result;
}

}  // namespace millrace
