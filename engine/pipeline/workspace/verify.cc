#include <arrow/io/interfaces.h>

#include "base/sha256.h"
#include "millrace/workspace.h"
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

Result<VerifyResult> VerifyWorkspace(const std::string& workspace) {
  ARROW_ASSIGN_OR_RAISE(const auto store, pipeline::OpenWorkspace(workspace));
  ARROW_ASSIGN_OR_RAISE(const auto stages, pipeline::ReadStageFolders(*store));
  VerifyResult result;
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
