// What goes: temporary files of killed attempts, files of a stage that none of its records names,
// whole stages that no run's folder refers to, snapshots of APIs that nobody names and that are not
// the latest, and datasets of shards that are gone. What stays: everything a manifest or a readable
// commit record of a stage in use names; everything of a stage with a record that cannot be read.
// On an object store, which has no lock, so does everything younger than a day.
#include <chrono>
#include <filesystem>
#include <map>
#include <set>

#include "base/log.h"
#include "millrace/workspace.h"
#include "pipeline/stored_json.h"
#include "pipeline/workspace/snapshots_json.h"
#include "pipeline/workspace/stage_folders.h"
#include "stage/workspace_lock.h"

namespace millrace {
namespace {

class Collector {
 public:
  Collector(io::Store& store, bool dry_run)
      : store_(store), dry_run_(dry_run), locked_(!store.LocalPath("x").empty()) {}

  Status Collect() {
    ARROW_ASSIGN_OR_RAISE(const std::set<std::string> in_use, pipeline::StagesOfRuns(store_));
    ARROW_ASSIGN_OR_RAISE(const auto stages, pipeline::ReadStageFolders(store_));
    for (const pipeline::StageFolder& stage : stages) {
      const bool stale = in_use.count(stage.folder) == 0;
      for (const io::FileInfo& file : stage.present) {
        if (stale || io::IsTemporaryKey(file.key) || IsLitter(stage, file.key)) {
          ARROW_RETURN_NOT_OK(Remove(file));
        } else {
          kept_.insert(file.key);
        }
      }
    }
    ARROW_ASSIGN_OR_RAISE(const std::set<std::string> unneeded, pipeline::SnapshotLitter(store_));
    for (const char* folder : {"runs", "sources"}) {
      ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, store_.List(folder));
      for (const io::FileInfo& file : files) {
        if (io::IsTemporaryKey(file.key) || unneeded.count(file.key) > 0) {
          ARROW_RETURN_NOT_OK(Remove(file));
        }
      }
    }
    for (const char* folder : {"datasets", "profiles"}) {
      ARROW_RETURN_NOT_OK(CollectDerived(folder));
    }
    return Status::OK();
  }

  GcResult TakeResult() { return std::move(result_); }

 private:
  // What Python made of committed rows: a file of rows or of their profile, and beside it the
  // shards that they are of. Both can be made again.
  Status CollectDerived(const std::string& below) {
    ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, store_.List(below));
    std::map<std::string, bool> current;  // by key without the ending
    for (const io::FileInfo& file : files) {
      const std::filesystem::path path(file.key);
      if (path.extension() != ".json") continue;
      current[path.parent_path() / path.stem()] = AreKept(file.key);
    }
    for (const io::FileInfo& file : files) {
      const std::filesystem::path path(file.key);
      const auto found = current.find(path.parent_path() / path.stem());
      const bool begun = path.extension() == ".part";  // perhaps it is being written
      const bool stale = begun ? file.mtime_ns < started_ns_ - kSettledNs
                               : found == current.end() || !found->second;
      if (stale) ARROW_RETURN_NOT_OK(Remove(file));
    }
    return Status::OK();
  }

  bool AreKept(const std::string& key) {
    const auto told = pipeline::ReadStoredJson(store_, key);
    if (!told.ok() || !told->is_object()) return false;
    for (const auto& shard : pipeline::ItemsOf(*told, "shards")) {
      if (!shard.is_string() || kept_.count(shard.get<std::string>()) == 0) return false;
    }
    return true;
  }

  static bool IsLitter(const pipeline::StageFolder& stage, const std::string& key) {
    return stage.unreadable.empty() && stage.named.count(key) == 0 && stage.records.count(key) == 0;
  }

  // Where no lock keeps runs away, files that no record names yet may be those of a run at work.
  bool MayBeInUse(const io::FileInfo& file) const {
    return !locked_ && file.mtime_ns > started_ns_ - kSettledNs;
  }

  Status Remove(const io::FileInfo& file) {
    if (MayBeInUse(file)) return Status::OK();
    result_.removed.push_back(file.key);
    result_.bytes += file.bytes;
    if (dry_run_) return Status::OK();
    ARROW_RETURN_NOT_OK(store_.Remove(file.key));
    RemoveEmptyFolders(file.key);
    return Status::OK();
  }

  // Folders come into being with their files and go with the last of them.
  void RemoveEmptyFolders(const std::string& key) {
    std::filesystem::path folder = std::filesystem::path(key).parent_path();
    std::error_code error;
    while (folder.has_parent_path()) {
      const std::string local = store_.LocalPath(folder.string());
      if (local.empty() || !std::filesystem::remove(local, error)) return;
      folder = folder.parent_path();
    }
  }

  static constexpr int64_t kSettledNs = int64_t{24} * 3600 * 1'000'000'000;

  std::set<std::string> kept_;  // files of stages that stay
  io::Store& store_;
  const bool dry_run_, locked_;
  const int64_t started_ns_ = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                  std::chrono::system_clock::now().time_since_epoch())
                                  .count();
  GcResult result_;
};

}  // namespace

Result<GcResult> CollectGarbage(const std::string& workspace, bool dry_run) {
  ARROW_ASSIGN_OR_RAISE(const auto store, pipeline::OpenWorkspace(workspace));
  // A run in progress has files that no record names yet.
  ARROW_ASSIGN_OR_RAISE(const stage::WorkspaceLock lock,
                        stage::LockWorkspace(*store, /*wait=*/false, nullptr));
  Collector collector(*store, dry_run);
  ARROW_RETURN_NOT_OK(collector.Collect());
  return collector.TakeResult();
}

}  // namespace millrace
