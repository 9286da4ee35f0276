#include "pipeline/workspace/snapshots_json.h"

#include <map>

#include "pipeline/stored_json.h"
#include "pipeline/workspace/stage_folders.h"
#include "source/rest/snapshot.h"

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;
namespace rest = source::rest;

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// "<source>" and what follows of "sources/<source>/<rest>".
bool SplitKey(const std::string& key, std::string* source, std::string* rest) {
  constexpr size_t kPrefix = 8;  // "sources/"
  const size_t slash = key.find('/', kPrefix);
  if (slash == std::string::npos) return false;
  *source = key.substr(kPrefix, slash - kPrefix);
  *rest = key.substr(slash + 1);
  return true;
}

// "snapshots/<id>/..." gives the id, anything else "".
std::string IdIn(const std::string& rest) {
  constexpr std::string_view kFolder = "snapshots/";
  if (rest.rfind(kFolder, 0) != 0) return "";
  const size_t slash = rest.find('/', kFolder.size());
  if (slash == std::string::npos) return "";
  return rest.substr(kFolder.size(), slash - kFolder.size());
}

Json SnapshotJson(const rest::Snapshot& snapshot) {
  int64_t records = 0, bytes = 0;
  for (const rest::PageRecord& page : snapshot.pages) {
    records += page.of_parent ? 0 : page.records;
    bytes += page.body_bytes;
  }
  return {{"id", snapshot.id},
          {"pages", snapshot.pages.size()},
          {"records", records},
          {"bytes", bytes}};
}

// "<source>/<id>" of every snapshot that a run's report or a stage's manifest names.
Result<std::set<std::string>> NamedSnapshots(io::Store& workspace) {
  std::set<std::string> named;
  ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, workspace.List("runs"));
  for (const io::FileInfo& file : files) {
    if (!EndsWith(file.key, "/report.json")) continue;
    ARROW_ASSIGN_OR_RAISE(const Json report, ReadStoredJson(workspace, file.key));
    for (const Json& table : ItemsOf(report, "tables")) {
      const Json& snapshots = MemberOf(table, "snapshots");
      if (!snapshots.is_object()) continue;
      for (const auto& [source, id] : snapshots.items()) {
        if (id.is_string()) named.insert(source + "/" + id.get<std::string>());
      }
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto stages, ReadStageFolders(workspace));
  for (const StageFolder& stage : stages) {
    for (const stage::Manifest& manifest : stage.manifests) {
      for (const auto& [source, id] : manifest.snapshots) named.insert(source + "/" + id);
    }
  }
  return named;
}

}  // namespace

Result<Json> SnapshotsJson(io::Store& workspace) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, workspace.List("sources"));
  std::map<std::string, int64_t> unfinished;
  std::set<std::string> sources;
  for (const io::FileInfo& file : files) {
    std::string source, rest;
    if (io::IsTemporaryKey(file.key) || !SplitKey(file.key, &source, &rest)) continue;
    if (rest == "snapshots.json") sources.insert(source);
    if (rest == "fetch/fetch.json") sources.insert(source);
    if (rest.rfind("fetch/pages/", 0) == 0) ++unfinished[source];
  }
  Json list = Json::array();
  for (const std::string& source : sources) {
    ARROW_ASSIGN_OR_RAISE(const rest::SnapshotHistory history,
                          rest::ReadSnapshotHistory(workspace, source));
    Json snapshots = Json::array();
    for (const std::string& id : history.ids) {
      ARROW_ASSIGN_OR_RAISE(const bool there,
                            workspace.Exists(rest::SnapshotFolder(source, id) + "/snapshot.json"));
      if (!there) continue;
      ARROW_ASSIGN_OR_RAISE(const auto snapshot, rest::ReadSnapshot(workspace, source, id));
      snapshots.push_back(SnapshotJson(snapshot));
    }
    Json item = {{"source", source}, {"snapshots", std::move(snapshots)}};
    item["pending"] = history.pending();
    if (unfinished.count(source) > 0) item["unfinished_pages"] = unfinished[source];
    list.push_back(std::move(item));
  }
  return list;
}

Status NameSnapshotFiles(io::Store& workspace, std::map<std::string, NamedFile>* named,
                         std::vector<std::string>* unreadable) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, workspace.List("sources"));
  for (const io::FileInfo& file : files) {
    std::string source, rest;
    if (!SplitKey(file.key, &source, &rest)) continue;
    const std::string id = IdIn(rest);
    if (id.empty() || rest != "snapshots/" + id + "/snapshot.json") continue;
    const Result<rest::Snapshot> snapshot = rest::ReadSnapshot(workspace, source, id);
    if (!snapshot.ok()) {
      unreadable->push_back(snapshot.status().message());
      continue;
    }
    for (const rest::PageRecord& page : snapshot->pages) {
      NamedFile body;
      body.data.path = rest::BodyKey(rest::SnapshotFolder(source, id), page.body_sha256);
      body.data.bytes = page.body_bytes;
      body.data.sha256 = page.body_sha256;
      body.named_by = file.key;
      const std::string key = body.data.path;
      named->emplace(key, std::move(body));
    }
  }
  return Status::OK();
}

Result<std::set<std::string>> SnapshotLitter(io::Store& workspace) {
  ARROW_ASSIGN_OR_RAISE(std::set<std::string> kept, NamedSnapshots(workspace));
  ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, workspace.List("sources"));
  std::set<std::string> fetching, complete;
  for (const io::FileInfo& file : files) {
    std::string source, rest;
    if (!SplitKey(file.key, &source, &rest)) continue;
    if (rest == "fetch/fetch.json") fetching.insert(source);
    const std::string id = IdIn(rest);
    if (!id.empty() && rest == "snapshots/" + id + "/snapshot.json") {
      complete.insert(source + "/" + id);
    }
    if (rest == "snapshots.json") {
      ARROW_ASSIGN_OR_RAISE(const rest::SnapshotHistory history,
                            rest::ReadSnapshotHistory(workspace, source));
      if (!history.ids.empty()) kept.insert(source + "/" + history.ids.back());
    }
  }
  std::set<std::string> litter;
  for (const io::FileInfo& file : files) {
    std::string source, rest;
    if (!SplitKey(file.key, &source, &rest)) continue;
    const std::string id = IdIn(rest);
    const std::string name = source + "/" + id;
    const bool of_fetch = rest.rfind("fetch/", 0) == 0;
    if (of_fetch ? fetching.count(source) == 0
                 : !id.empty() && (complete.count(name) == 0 || kept.count(name) == 0)) {
      litter.insert(file.key);
    }
  }
  return litter;
}

}  // namespace millrace::pipeline
