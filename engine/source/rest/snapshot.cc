#include "source/rest/snapshot.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "source/rest/page_record_json.h"
#include "source/rest/rest_errors.h"

namespace millrace::source::rest {
namespace {

using Json = nlohmann::json;

constexpr size_t kIdDigits = 24;

std::string HistoryKey(const std::string& source) {
  return "sources/" + source + "/snapshots.json";
}

Status Damaged(const std::string& key) {
  return MakeError(ErrorCode::kWorkspaceDamaged, "`" + key + "` cannot be read",
                   "fetch anew: millrace run ... --refetch");
}

// Ids are hex digits; anything else could leave the folder.
bool IsId(const std::string& id) {
  return !id.empty() && id.size() <= kIdDigits &&
         id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Result<std::string> FullId(io::Store& workspace, const std::string& source, const std::string& id) {
  std::vector<std::string> matches, known;
  ARROW_ASSIGN_OR_RAISE(const SnapshotHistory history, ReadSnapshotHistory(workspace, source));
  known = history.ids;
  if (IsId(id)) {
    ARROW_ASSIGN_OR_RAISE(const bool there,
                          workspace.Exists(SnapshotFolder(source, id) + "/snapshot.json"));
    if (there) return id;
    for (const std::string& one : known) {
      if (one.rfind(id, 0) == 0) matches.push_back(one);
    }
    if (matches.size() == 1) return matches[0];
  }
  std::string suggestion =
      known.empty() ? "nothing was fetched for it yet: run without --offline" : "there are";
  for (const std::string& one : known) suggestion += " " + one;
  return MakeError(kUnknownSnapshot,
                   matches.empty()
                       ? "the source `" + source + "` has no snapshot `" + id + "`"
                       : "several snapshots of `" + source + "` begin with `" + id + "`",
                   suggestion);
}

}  // namespace

std::string SnapshotId(const std::vector<PageRecord>& pages) {
  Sha256 hash;
  hash.UpdateField("millrace snapshot 1");
  for (const PageRecord& page : pages) {
    hash.UpdateField(PagePath(page));
    hash.UpdateField(page.of_parent ? "parent" : page.ignored ? "ignored" : "page");
    hash.UpdateField(page.body_sha256);
  }
  return hash.FinishHex().substr(0, kIdDigits);
}

std::string SnapshotFolder(const std::string& source, const std::string& id) {
  return "sources/" + source + "/snapshots/" + id;
}

std::string BodyKey(const std::string& folder, const std::string& sha256) {
  return folder + "/bodies/" + sha256;
}

Result<Snapshot> ReadSnapshot(io::Store& workspace, const std::string& source,
                              const std::string& id) {
  Snapshot snapshot;
  ARROW_ASSIGN_OR_RAISE(snapshot.id, FullId(workspace, source, id));
  const std::string key = SnapshotFolder(source, snapshot.id) + "/snapshot.json";
  ARROW_ASSIGN_OR_RAISE(const std::string text, workspace.ReadSmall(key, kListBytesMax));
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  try {
    json.at("fetch_key").get_to(snapshot.fetch_key);
    for (const Json& page : json.at("pages")) snapshot.pages.push_back(PageRecordFromJson(page));
  } catch (const Json::exception&) {
    return Damaged(key);
  }
  // The id is a hash of the pages: a list that was tampered with gives another one.
  if (SnapshotId(snapshot.pages) != snapshot.id) return Damaged(key);
  return snapshot;
}

Result<SnapshotHistory> ReadSnapshotHistory(io::Store& workspace, const std::string& source) {
  SnapshotHistory history;
  ARROW_ASSIGN_OR_RAISE(const bool there, workspace.Exists(HistoryKey(source)));
  if (!there) return history;
  ARROW_ASSIGN_OR_RAISE(const std::string text, workspace.ReadSmall(HistoryKey(source)));
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  try {
    json.at("snapshots").get_to(history.ids);
    json.at("finished").get_to(history.finished);
  } catch (const Json::exception&) {
    return Damaged(HistoryKey(source));
  }
  history.ids.erase(std::remove_if(history.ids.begin(), history.ids.end(),
                                   [](const std::string& id) { return !IsId(id); }),
                    history.ids.end());
  return history;
}

Status WriteSnapshotHistory(io::Store& workspace, const std::string& source,
                            const SnapshotHistory& history) {
  const Json json = {
      {"format_version", 1}, {"snapshots", history.ids}, {"finished", history.finished}};
  return workspace.Replace(HistoryKey(source), json.dump(1) + '\n');
}

}  // namespace millrace::source::rest
