#include "pipeline/plan_changes.h"

#include <chrono>
#include <map>

#include "pipeline/places.h"
#include "pipeline/run_history.h"
#include "pipeline/stored_json.h"
#include "stage/file_hashes.h"
#include "stage/identity.h"
#include "stage/split.h"

namespace millrace::pipeline {
namespace {

struct KnownFile {
  int64_t bytes = 0;
  std::string sha256;
};

struct LastRun {
  std::string folder, config_hash;
  std::map<std::string, KnownFile> files;  // by "<source>/<path>"
  std::map<std::string, std::string> folders;
};

std::string FolderOf(const nlohmann::ordered_json& reported) {
  const std::string manifest = TextOf(reported, "manifest");
  return manifest.substr(0, manifest.rfind('/'));
}

Result<LastRun> FindLastRun(io::Store& store, const std::string& pipeline) {
  LastRun last;
  ARROW_ASSIGN_OR_RAISE(const std::vector<PastRun> runs, PastRuns(store));
  for (const PastRun& run : runs) {
    if (!run.complete) continue;
    ARROW_ASSIGN_OR_RAISE(const auto report, ReadStoredJson(store, run.folder + "/report.json"));
    if (report.is_null() || TextOf(report, "pipeline") != pipeline) continue;
    if (TextOf(report, "outcome") != "done") continue;  // it was ended: nothing came of it
    last.folder = run.folder;
    last.config_hash = TextOf(report, "config_hash");
    for (const auto& stage : ItemsOf(report, "stages")) {
      last.folders[TextOf(stage, "stage")] = FolderOf(stage);
    }
    for (const auto& table : ItemsOf(report, "tables")) {
      last.folders["ingest/" + TextOf(table, "table")] = FolderOf(table);
      for (const auto& input : ItemsOf(table, "inputs")) {
        last.files[TextOf(input, "source") + "/" + TextOf(input, "path")] = {
            NumberOf(input, "bytes"), TextOf(input, "sha256")};
      }
    }
    break;
  }
  return last;
}

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class ChangeFinder {
 public:
  ChangeFinder(const stage::IngestPlan& plan, std::shared_ptr<io::Store> store)
      : plan_(plan),
        store_(std::move(store)),
        input_(stage::RealInput()),
        hashes_(*store_, NowNs, input_.check_unchanged, nullptr) {}

  Result<PlanChanges> Find() {
    ARROW_ASSIGN_OR_RAISE(LastRun last, FindLastRun(*store_, plan_.pipeline));
    changes_.last_run = last.folder;
    changes_.last_folders = last.folders;
    changes_.config_changed = !last.folder.empty() && last.config_hash != plan_.config_hash;
    for (const stage::IngestSource& source : plan_.sources) {
      hashes_.Load(source.files);
      for (const io::FileInfo& file : source.files.files) {
        ARROW_RETURN_NOT_OK(CompareFile(source.files, file, last));
      }
    }
    for (const auto& [name, file] : last.files) changes_.removed_files.push_back(name);
    ARROW_RETURN_NOT_OK(CountSplits());
    return std::move(changes_);
  }

 private:
  Status CompareFile(const source::FileSource& source, const io::FileInfo& file, LastRun& last) {
    const std::string name = source.name + "/" + file.key;
    const auto known = last.files.find(name);
    // An attempt that did not come to its end may have read it.
    std::string sha256 = hashes_.Known(source, file);
    if (known == last.files.end()) {
      changes_.new_files.push_back(name);
      if (!sha256.empty()) changes_.sha256[name] = sha256;
      return Status::OK();
    }
    if (known->second.bytes == file.bytes) {
      ARROW_ASSIGN_OR_RAISE(sha256, hashes_.Of(source, file));
    }
    if (!sha256.empty()) changes_.sha256[name] = sha256;
    if (sha256 == known->second.sha256) {
      ++changes_.unchanged_files;
    } else {
      changes_.changed_files.push_back(name);
    }
    last.files.erase(known);
    return Status::OK();
  }

  // A split is committed when its record, named by place and content, is there.
  Status CountSplits() {
    ARROW_ASSIGN_OR_RAISE(const std::vector<stage::Split> splits, stage::PlanSplits(plan_));
    changes_.splits_total = static_cast<int64_t>(splits.size());
    changes_.splits_of_source.resize(plan_.sources.size());
    const std::string folder = stage::IngestFolder(plan_);
    for (const stage::Split& split : splits) {
      ++changes_.splits_of_source[static_cast<size_t>(split.source)];
      const source::FileSource& source = plan_.sources[static_cast<size_t>(split.source)].files;
      std::vector<std::string> sha256;
      for (const int file : split.files) {
        const auto known =
            changes_.sha256.find(source.name + "/" + source.files[static_cast<size_t>(file)].key);
        if (known != changes_.sha256.end()) sha256.push_back(known->second);
      }
      if (sha256.size() != split.files.size()) continue;
      const std::string id = stage::SplitId(plan_, split, sha256);
      ARROW_ASSIGN_OR_RAISE(const bool committed,
                            store_->Exists(folder + "/commits/" + id + ".json"));
      changes_.splits_committed += committed ? 1 : 0;
    }
    return Status::OK();
  }

  const stage::IngestPlan& plan_;
  std::shared_ptr<io::Store> store_;
  stage::InputAccess input_;
  stage::FileHashes hashes_;
  PlanChanges changes_;
};

}  // namespace

Result<PlanChanges> FindChanges(const stage::IngestPlan& plan, const std::string& workspace,
                                const io::StorageOptions& storage) {
  ARROW_ASSIGN_OR_RAISE(auto store, OpenPlace(workspace, storage, /*private_mode=*/true));
  return ChangeFinder(plan, std::move(store)).Find();
}

}  // namespace millrace::pipeline
