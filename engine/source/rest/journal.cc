#include "source/rest/journal.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/sha256.h"
#include "source/rest/page_record_json.h"

namespace millrace::source::rest {
namespace {

using Json = nlohmann::json;

constexpr int64_t kBodyBytesMax = int64_t{1} << 31;

std::string Folder(const std::string& source) { return "sources/" + source + "/fetch"; }
std::string HeadKey(const std::string& source) { return Folder(source) + "/fetch.json"; }
std::string PagesFolder(const std::string& source, const std::string& token) {
  return Folder(source) + "/pages/" + token + '/';
}

// Tells this fetch's records from those that an earlier one left, should a listing have kept them
// from being removed. It goes with the fetch, and is in nothing that stays.
std::string NewToken() {
  std::random_device device;
  return Sha256Hex(std::to_string(device()) + ' ' + std::to_string(device())).substr(0, 12);
}

bool IsToken(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Result<bool> Journal::IsOpen(io::Store& workspace, const std::string& source) {
  return workspace.Exists(HeadKey(source));
}

// The head goes first: what is left without it is litter.
Status Journal::Discard(io::Store& workspace, const std::string& source) {
  ARROW_RETURN_NOT_OK(workspace.Remove(HeadKey(source)));
  ARROW_ASSIGN_OR_RAISE(const auto files, workspace.List(Folder(source) + "/"));
  for (const io::FileInfo& file : files) ARROW_RETURN_NOT_OK(workspace.Remove(file.key));
  return Status::OK();
}

Result<Journal> Journal::Open(io::Store& workspace, const std::string& source,
                              const std::string& fetch_key) {
  Journal journal(workspace, source);
  ARROW_ASSIGN_OR_RAISE(const bool there, IsOpen(workspace, source));
  if (there) {
    ARROW_ASSIGN_OR_RAISE(const std::string text, workspace.ReadSmall(HeadKey(source)));
    const Json head = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    const bool same = head.is_object() && head.value("fetch_key", "") == fetch_key;
    if (same) journal.token_ = head.value("token", "");
    if (IsToken(journal.token_)) {
      ARROW_RETURN_NOT_OK(journal.Load());
      return journal;
    }
  }
  ARROW_RETURN_NOT_OK(Discard(workspace, source));
  journal.token_ = NewToken();
  const Json head = {{"format_version", 2}, {"fetch_key", fetch_key}, {"token", journal.token_}};
  ARROW_RETURN_NOT_OK(workspace.Replace(HeadKey(source), head.dump(1) + '\n'));
  return journal;
}

Status Journal::Load() {
  const std::string folder = PagesFolder(source_, token_);
  ARROW_ASSIGN_OR_RAISE(const auto files, workspace_->List(folder));
  for (const io::FileInfo& file : files) {
    if (io::IsTemporaryKey(file.key)) continue;
    ARROW_ASSIGN_OR_RAISE(const std::string text, workspace_->ReadSmall(file.key));
    const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    PageRecord page;
    try {
      page = PageRecordFromJson(json);
    } catch (const Json::exception&) {
      continue;
    }
    if (folder + PagePath(page) + ".json" != file.key) continue;
    const std::string body = BodyKey(Folder(source_), page.body_sha256);
    ARROW_ASSIGN_OR_RAISE(const bool kept, workspace_->Exists(body));
    if (kept) recorded_[page.partition].push_back(std::move(page));
  }
  for (auto& [partition, pages] : recorded_) {
    // Listed in byte order of their keys, which is page order; behind a gap nothing counts.
    size_t good = 0;
    while (good < pages.size() && pages[good].page == pages[0].page + static_cast<int64_t>(good)) {
      ++good;
    }
    pages.resize(good);
  }
  return Status::OK();
}

Result<std::string> Journal::KeepBody(std::string_view body) {
  const std::string sha256 = Sha256Hex(body);
  ARROW_RETURN_NOT_OK(workspace_->PutIfAbsent(BodyKey(Folder(source_), sha256), body).status());
  return sha256;
}

Result<std::string> Journal::ReadBody(const PageRecord& page) {
  const std::string key = BodyKey(Folder(source_), page.body_sha256);
  ARROW_ASSIGN_OR_RAISE(std::string body, workspace_->ReadSmall(key, kBodyBytesMax));
  if (Sha256Hex(body) == page.body_sha256) return body;
  return MakeError(ErrorCode::kWorkspaceDamaged, "`" + key + "` is not what was received",
                   "fetch anew: millrace run ... --refetch");
}

Status Journal::Append(const PageRecord& page) {
  const std::string key = PagesFolder(source_, token_) + PagePath(page) + ".json";
  ARROW_ASSIGN_OR_RAISE(const std::string text, PageRecordText(page));
  return workspace_->Replace(key, text);
}

Result<Snapshot> Journal::Complete(std::vector<PageRecord> pages, const std::string& fetch_key,
                                   const Snapshot* base) {
  std::set<std::string> of_journal;
  for (const PageRecord& page : pages) of_journal.insert(page.body_sha256);
  if (base != nullptr) {
    // A page that brought nothing is no part of what goes on: nothing new, the same snapshot.
    pages.erase(
        std::remove_if(pages.begin(), pages.end(),
                       [](const PageRecord& page) { return !page.of_parent && page.records == 0; }),
        pages.end());
    for (const PageRecord& page : base->pages) {
      if (!page.of_parent) pages.push_back(page);
    }
  }
  std::sort(pages.begin(), pages.end(),
            [](const PageRecord& a, const PageRecord& b) { return PagePath(a) < PagePath(b); });
  Snapshot snapshot;
  snapshot.id = SnapshotId(pages);
  snapshot.fetch_key = fetch_key;
  snapshot.pages = std::move(pages);
  const std::string folder = SnapshotFolder(source_, snapshot.id);
  std::set<std::string> linked;
  Json list = Json::array();
  for (const PageRecord& page : snapshot.pages) {
    list.push_back(PageRecordToJson(page));
    if (!linked.insert(page.body_sha256).second) continue;
    const std::string from = of_journal.count(page.body_sha256) > 0
                                 ? Folder(source_)
                                 : SnapshotFolder(source_, base->id);
    const std::string to = BodyKey(folder, page.body_sha256);
    if (from == folder) continue;
    ARROW_RETURN_NOT_OK(workspace_->LinkOrCopy(BodyKey(from, page.body_sha256), *workspace_, to));
  }
  const Json json = {{"format_version", 1},
                     {"id", snapshot.id},
                     {"fetch_key", fetch_key},
                     {"pages", std::move(list)}};
  // The list makes the snapshot: whoever sees it sees all of its pages.
  ARROW_RETURN_NOT_OK(workspace_->Replace(folder + "/snapshot.json", json.dump(1) + '\n'));
  ARROW_ASSIGN_OR_RAISE(SnapshotHistory history, ReadSnapshotHistory(*workspace_, source_));
  history.ids.erase(std::remove(history.ids.begin(), history.ids.end(), snapshot.id),
                    history.ids.end());
  history.ids.push_back(snapshot.id);
  ARROW_RETURN_NOT_OK(WriteSnapshotHistory(*workspace_, source_, history));
  ARROW_RETURN_NOT_OK(Discard(*workspace_, source_));
  return snapshot;
}

}  // namespace millrace::source::rest
