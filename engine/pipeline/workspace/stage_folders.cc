#include "pipeline/workspace/stage_folders.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/object/store_url.h"
#include "stage/commit_record_json.h"
#include "stage/manifest_json.h"

namespace millrace::pipeline {
namespace {

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// "stages/<name>/<stage_key>" of a key below it, "" of any other.
std::string FolderOf(const std::string& key) {
  size_t at = 0;
  for (int part = 0; part < 3; ++part) {
    at = key.find('/', part == 0 ? 0 : at + 1);
    if (at == std::string::npos) return "";
  }
  return key.substr(0, at);
}

class FolderReader {
 public:
  FolderReader(io::Store& store, StageFolder& stage) : store_(store), stage_(stage) {}

  Status Read() {
    for (const io::FileInfo& file : stage_.present) {
      if (io::IsTemporaryKey(file.key) || !EndsWith(file.key, ".json")) continue;
      const std::string rest = file.key.substr(stage_.folder.size() + 1);
      const bool manifest = EndsWith(rest, "manifest.json") && rest.find('/') == std::string::npos;
      if (!manifest && rest.rfind("commits/", 0) != 0) continue;
      ARROW_ASSIGN_OR_RAISE(const std::string text, store_.ReadSmall(file.key));
      const Status read = manifest ? ReadManifest(file.key, text) : ReadCommit(file.key, text);
      if (read.ok()) {
        stage_.records.insert(file.key);
      } else {
        stage_.unreadable.push_back(read.message());
      }
    }
    return Status::OK();
  }

 private:
  Status ReadManifest(const std::string& key, const std::string& text) {
    ARROW_ASSIGN_OR_RAISE(stage::Manifest manifest, stage::ManifestFromJson(text, key));
    NameAll(manifest.outputs, key);
    NameAll(manifest.reject_files, key);
    stage_.manifests.push_back(std::move(manifest));
    return Status::OK();
  }

  // The record of a split, or the second one of a split that lost duplicates.
  Status ReadCommit(const std::string& key, const std::string& text) {
    const Result<stage::CommitRecord> commit = stage::CommitRecordFromJson(text, key);
    if (commit.ok()) {
      for (const stage::Shard& shard : commit->shards) Name(shard.data, key);
      for (const stage::KeySummary& summary : commit->keys) Name(summary.file, key);
      NameAll(commit->reject_files, key);
      Name(commit->profile, key);
      return Status::OK();
    }
    const Result<stage::MaskRecord> mask = stage::MaskRecordFromJson(text, key);
    if (!mask.ok()) return commit.status();
    NameAll(mask->shards, key);
    NameAll(mask->reject_files, key);
    Name(mask->profile, key);
    return Status::OK();
  }

  void NameAll(const std::vector<io::DataFile>& files, const std::string& record) {
    for (const io::DataFile& file : files) Name(file, record);
  }
  void Name(io::DataFile file, const std::string& record) {
    if (file.path.empty()) return;
    file.path = stage_.folder + "/" + file.path;
    const std::string key = file.path;
    stage_.named.try_emplace(key, NamedFile{std::move(file), record});
  }

  io::Store& store_;
  StageFolder& stage_;
};

}  // namespace

Result<std::vector<StageFolder>> ReadStageFolders(io::Store& workspace) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, workspace.List("stages"));
  std::map<std::string, StageFolder> folders;
  for (const io::FileInfo& file : files) {
    const std::string folder = FolderOf(file.key);
    if (folder.empty()) continue;
    folders[folder].present.push_back(file);
  }
  std::vector<StageFolder> list;
  for (auto& [folder, stage] : folders) {
    stage.folder = folder;
    ARROW_RETURN_NOT_OK(FolderReader(workspace, stage).Read());
    list.push_back(std::move(stage));
  }
  return list;
}

Result<std::set<std::string>> StagesOfRuns(io::Store& workspace) {
  std::set<std::string> stages;
  ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, workspace.List("runs"));
  for (const io::FileInfo& file : files) {
    if (!EndsWith(file.key, "/stages.json")) continue;
    ARROW_ASSIGN_OR_RAISE(const std::string text, workspace.ReadSmall(file.key));
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_array()) {
      return MakeError(ErrorCode::kWorkspaceDamaged, "`" + file.key + "` cannot be read",
                       "`millrace run` writes it anew");
    }
    for (const auto& folder : json) {
      if (folder.is_string()) stages.insert(folder.get<std::string>());
    }
  }
  return stages;
}

namespace {

Result<std::shared_ptr<io::Store>> OpenRemote(const std::string& url) {
  ARROW_ASSIGN_OR_RAISE(auto store, io::OpenUrl(url, io::StorageOptions()));
  for (const char* folder : {"runs", "stages"}) {
    ARROW_ASSIGN_OR_RAISE(const auto files, store->List(folder));
    if (!files.empty()) return store;
  }
  return MakeError(ErrorCode::kUnreadablePath, "`" + url + "` is no workspace",
                   "a workspace has keys below `runs` and `stages`; `millrace run` makes it");
}

}  // namespace

Result<std::shared_ptr<io::Store>> OpenWorkspace(const std::string& path) {
  if (io::IsUrl(path)) return OpenRemote(path);
  std::error_code error;
  const std::filesystem::path root(path);
  if (!std::filesystem::is_directory(root, error)) {
    return MakeError(ErrorCode::kUnreadablePath, "there is no folder `" + path + "`");
  }
  if (!std::filesystem::exists(root / "runs", error) &&
      !std::filesystem::exists(root / "stages", error)) {
    return MakeError(ErrorCode::kUnreadablePath, "`" + path + "` is no workspace",
                     "a workspace has the folders `runs` and `stages`; `millrace run` makes it");
  }
  return io::MakeLocalStore(std::filesystem::absolute(root).lexically_normal().string(), true);
}

}  // namespace millrace::pipeline
