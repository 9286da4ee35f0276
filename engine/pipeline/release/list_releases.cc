#include <algorithm>
#include <filesystem>
#include <set>

#include "export/release_json.h"
#include "millrace/release.h"
#include "pipeline/release/approval.h"
#include "pipeline/run_folder.h"
#include "pipeline/stored_json.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

struct Listed {
  int64_t published_ns = 0;
  Json json;
};

Json ApprovalJson(const StoredApproval& approval, const SignedState& now) {
  Json json = {{"record", approval.key}, {"readable", approval.readable}};
  if (!approval.readable) return json;
  json["by"] = approval.by;
  json["note"] = approval.note;
  json["time"] = approval.time;
  json["verdict"] = approval.verdict;
  json["holds"] = approval.state == now;
  return json;
}

// The release as its own files tell of it. Its data files are not hashed: that is verify's.
Result<Listed> ListOne(io::Store& target, const io::FileInfo& manifest, const std::string& id,
                       const std::string& latest) {
  Listed listed;
  listed.published_ns = manifest.mtime_ns;
  Json& json = listed.json;
  json = {{"release_id", id}, {"latest", id == latest}, {"published", UtcTime(manifest.mtime_ns)}};
  ARROW_ASSIGN_OR_RAISE(const std::string text, target.ReadSmall(manifest.key));
  const Result<exporting::Release> release = exporting::ParseReleaseManifest(text);
  if (!release.ok()) {
    json["state"] = "damaged";
    return listed;
  }
  int64_t bytes = 0;
  for (const io::DataFile& file : release->files) bytes += file.bytes;
  json["export"] = release->export_name;
  json["run_id"] = TextOf(Json::parse(text), "run_id");
  json["rows"] = release->rows;
  json["files"] = release->files.size();
  json["bytes"] = bytes;
  ARROW_ASSIGN_OR_RAISE(const SignedState now, StateOf(target, id));
  const auto card = ReadStoredJson(target, exporting::CardKey(id, exporting::kCardJsonName));
  json["verdict"] = card.ok() && card->is_object() ? TextOf(*card, "verdict") : "no card";
  if (!now.card_sha256.empty() && !now.report_sha256.empty()) {
    ARROW_ASSIGN_OR_RAISE(const bool whole, IsCardWhole(target, id));
    if (!whole) json["verdict"] = "card changed";
  }
  ARROW_ASSIGN_OR_RAISE(const auto approvals, ReadApprovals(target, id));
  Json list = Json::array();
  bool holds = false;
  for (const StoredApproval& approval : approvals) {
    list.push_back(ApprovalJson(approval, now));
    holds = holds || (approval.readable && approval.state == now);
  }
  json["state"] = holds ? "approved" : approvals.empty() ? "not approved" : "changed since";
  json["approvals"] = std::move(list);
  return listed;
}

Result<Json> ListTarget(const std::string& folder) {
  const auto target = io::MakeLocalStore(folder);
  std::string latest;
  ARROW_ASSIGN_OR_RAISE(const bool pointed, target->Exists(exporting::kLatestName));
  if (pointed) {
    ARROW_ASSIGN_OR_RAISE(const std::string text, target->ReadSmall(exporting::kLatestName));
    const Result<exporting::Latest> parsed = exporting::ParseLatest(text);
    if (parsed.ok()) latest = parsed->release_id;
  }
  ARROW_ASSIGN_OR_RAISE(const auto files, target->List(""));
  std::vector<Listed> releases;
  for (const io::FileInfo& file : files) {
    const std::filesystem::path key(file.key);
    const std::string id = key.parent_path().string();
    if (key.filename() != exporting::kReleaseManifestName || id.empty() ||
        id.find('/') != std::string::npos) {
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(Listed listed, ListOne(*target, file, id, latest));
    releases.push_back(std::move(listed));
  }
  std::stable_sort(releases.begin(), releases.end(), [](const Listed& a, const Listed& b) {
    return a.published_ns > b.published_ns;
  });
  Json list = Json::array();
  for (Listed& release : releases) list.push_back(std::move(release.json));
  return Json{{"target", folder}, {"releases", std::move(list)}};
}

}  // namespace
}  // namespace pipeline

Result<std::string> ListReleases(const std::string& path) {
  using pipeline::Json;
  ARROW_ASSIGN_OR_RAISE(const pipeline::PathKind kind, pipeline::KindOfPath(path));
  std::set<std::string> folders;
  std::set<std::string> missing;
  if (kind == pipeline::PathKind::kTarget) {
    folders.insert(pipeline::PlainPath(path));  // its LATEST.json may be damaged
  } else if (kind == pipeline::PathKind::kRelease) {
    ARROW_ASSIGN_OR_RAISE(const auto place, pipeline::FindRelease(path, kind));
    folders.insert(place.target);
  } else {
    std::vector<pipeline::RunPlace> runs;
    if (kind == pipeline::PathKind::kRun) {
      ARROW_ASSIGN_OR_RAISE(pipeline::RunPlace run, pipeline::FindRun(path, kind));
      runs.push_back(std::move(run));
    } else {
      ARROW_ASSIGN_OR_RAISE(runs, pipeline::AllRuns(path));
    }
    for (const pipeline::RunPlace& run : runs) {
      std::vector<std::string> not_found;
      ARROW_ASSIGN_OR_RAISE(const auto places, pipeline::ReleasesOfRun(run, &not_found));
      for (const pipeline::ReleasePlace& place : places) folders.insert(place.target);
      missing.insert(not_found.begin(), not_found.end());
    }
  }
  Json targets = Json::array();
  for (const std::string& folder : folders) {
    ARROW_ASSIGN_OR_RAISE(Json target, pipeline::ListTarget(folder));
    targets.push_back(std::move(target));
  }
  return Json{{"targets", std::move(targets)}, {"not_found", missing}}.dump(
      2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace millrace
