#include "pipeline/release/approval.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/build_info.h"
#include "base/sha256.h"
#include "export/release_json.h"
#include "millrace/release.h"
#include "millrace/workspace.h"
#include "pipeline/report/report.h"
#include "pipeline/run_folder.h"
#include "pipeline/stored_json.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kRecordVersion = 1;
constexpr size_t kNameBytesMax = 200, kNoteBytesMax = 4000;

std::string ApprovalsFolder(const std::string& release_id) { return release_id + ".approvals"; }

Result<std::string> ReadWhole(io::Store& target, const std::string& key) {
  return target.ReadSmall(key, std::numeric_limits<int64_t>::max());
}

Result<std::string> HashOf(io::Store& target, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const bool there, target.Exists(key));
  if (!there) return "";
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadWhole(target, key));
  return Sha256Hex(text);
}

Status Changed(const std::string& release_id, const std::string& what) {
  return MakeError(ErrorCode::kReleaseChanged, "the release " + release_id + " " + what,
                   "nothing was signed; `millrace verify` tells of its files, `millrace run` "
                   "writes its card anew");
}

// The export of the card that is this release; null where there is none.
Json ExportOf(const Json& report, const std::string& release_id) {
  for (const Json& e : ItemsOf(report, "exports")) {
    if (TextOf(e, "release_id") == release_id) return e;
  }
  return nullptr;
}

Status CheckLine(const std::string& option, const std::string& text, size_t bytes_max,
                 bool one_line) {
  const bool control = std::any_of(text.begin(), text.end(), [&](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && (one_line || c != '\n')) || c == 0x7F;
  });
  if (text.size() <= bytes_max && !control) return Status::OK();
  return MakeError(ErrorCode::kUsage,
                   option + (control ? " has control characters"
                                     : " is longer than " + std::to_string(bytes_max) + " bytes"));
}

}  // namespace

Result<SignedState> StateOf(io::Store& target, const std::string& release_id) {
  SignedState state;
  ARROW_ASSIGN_OR_RAISE(state.manifest_sha256,
                        HashOf(target, release_id + "/" + exporting::kReleaseManifestName));
  ARROW_ASSIGN_OR_RAISE(state.card_sha256,
                        HashOf(target, exporting::CardKey(release_id, exporting::kCardHtmlName)));
  ARROW_ASSIGN_OR_RAISE(state.report_sha256,
                        HashOf(target, exporting::CardKey(release_id, exporting::kCardJsonName)));
  return state;
}

Result<bool> IsCardWhole(io::Store& target, const std::string& release_id) {
  ReportTexts texts;
  ARROW_ASSIGN_OR_RAISE(
      texts.html, ReadWhole(target, exporting::CardKey(release_id, exporting::kCardHtmlName)));
  ARROW_ASSIGN_OR_RAISE(
      texts.json, ReadWhole(target, exporting::CardKey(release_id, exporting::kCardJsonName)));
  return BelongTogether(texts);
}

Result<std::vector<StoredApproval>> ReadApprovals(io::Store& target,
                                                  const std::string& release_id) {
  ARROW_ASSIGN_OR_RAISE(const auto files, target.List(ApprovalsFolder(release_id)));
  std::vector<StoredApproval> approvals;
  for (const io::FileInfo& file : files) {
    if (io::IsTemporaryKey(file.key)) continue;
    StoredApproval approval;
    approval.key = file.key;
    const Result<std::string> text = target.ReadSmall(file.key);
    const Json json = text.ok() ? Json::parse(*text, nullptr, false) : Json();
    approval.readable = TextOf(json, "release_id") == release_id;
    if (approval.readable) {
      approval.by = TextOf(json, "by");
      approval.note = TextOf(json, "note");
      approval.time = TextOf(json, "time");
      approval.verdict = TextOf(json, "verdict");
      approval.state = {TextOf(json, "manifest_sha256"), TextOf(json, "card_sha256"),
                        TextOf(json, "report_sha256")};
    }
    approvals.push_back(std::move(approval));
  }
  return approvals;
}

Result<Json> CheckForApproval(const ReleasePlace& place) {
  const std::string& id = place.release_id;
  const auto target = io::MakeLocalStore(place.target);
  ARROW_ASSIGN_OR_RAISE(const SignedState state, StateOf(*target, id));
  if (state.card_sha256.empty() || state.report_sha256.empty()) {
    return MakeError(ErrorCode::kUnreadablePath, "the release " + id + " has no card",
                     "`millrace run` writes it beside the release");
  }
  ARROW_ASSIGN_OR_RAISE(const VerifyResult verified, VerifyRelease(place.target + "/" + id));
  if (!verified.problems.empty()) {
    return Changed(id, "is not whole: " + verified.problems.front());
  }
  const std::string card = exporting::CardKey(id, exporting::kCardJsonName);
  ARROW_ASSIGN_OR_RAISE(const Json report, ReadReport(place.target + "/" + card));
  const Json published = ExportOf(report, id);
  if (published.is_null()) return Changed(id, "is not the one that its card describes");
  if (TextOf(published, "manifest_sha256") != state.manifest_sha256) {
    return Changed(id, "has another manifest than its card says");
  }
  ARROW_ASSIGN_OR_RAISE(const bool whole, IsCardWhole(*target, id));
  if (!whole) return Changed(id, "has a card that was changed after the run");
  return Json{{"format_version", kRecordVersion},     {"release_id", id},
              {"export", TextOf(published, "name")},  {"run_id", TextOf(report, "run_id")},
              {"verdict", TextOf(report, "verdict")}, {"manifest_sha256", state.manifest_sha256},
              {"card_sha256", state.card_sha256},     {"report_sha256", state.report_sha256},
              {"engine_version", EngineVersion()}};
}

Result<std::string> PutApproval(io::Store& target, const std::string& release_id,
                                const Json& record) {
  const std::string text = record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  for (int number = 1;; ++number) {
    const std::string key = fmt::format("{}/{:04}.json", ApprovalsFolder(release_id), number);
    ARROW_ASSIGN_OR_RAISE(const io::PutResult put, target.PutIfAbsent(key, text));
    if (put == io::PutResult::kCreated) return key;
  }
}

}  // namespace pipeline

Result<std::string> ApproveReleases(const std::string& path, const ApproveOptions& options) {
  using pipeline::Json;
  if (options.by.find_first_not_of(' ') == std::string::npos) {
    return MakeError(ErrorCode::kUsage, "--by is empty", "say who approves: --by \"Ana Silva\"");
  }
  ARROW_RETURN_NOT_OK(pipeline::CheckLine("--by", options.by, pipeline::kNameBytesMax, true));
  ARROW_RETURN_NOT_OK(pipeline::CheckLine("--note", options.note, pipeline::kNoteBytesMax, false));
  ARROW_ASSIGN_OR_RAISE(const pipeline::PathKind kind, pipeline::KindOfPath(path));
  std::vector<pipeline::ReleasePlace> places;
  if (kind == pipeline::PathKind::kRun || kind == pipeline::PathKind::kWorkspace) {
    ARROW_ASSIGN_OR_RAISE(const pipeline::RunPlace run, pipeline::FindRun(path, kind));
    std::vector<std::string> missing;
    ARROW_ASSIGN_OR_RAISE(places, pipeline::ReleasesOfRun(run, &missing));
    if (!missing.empty()) {
      return MakeError(ErrorCode::kUnreadablePath,
                       "the release `" + missing.front() + "` of the run " + run.folder +
                           " was not found from here",
                       "give the release's own folder");
    }
    if (places.empty()) {
      return MakeError(ErrorCode::kUnreadablePath,
                       "the run " + run.folder + " published no release",
                       "its card says why: " + run.folder + "/report.html");
    }
  } else {
    ARROW_ASSIGN_OR_RAISE(pipeline::ReleasePlace place, pipeline::FindRelease(path, kind));
    places.push_back(std::move(place));
  }
  std::vector<Json> records;
  for (const pipeline::ReleasePlace& place : places) {
    ARROW_ASSIGN_OR_RAISE(Json record, pipeline::CheckForApproval(place));
    if (record["verdict"] == "not_fit" && options.note.empty()) {
      return MakeError(ErrorCode::kUsage,
                       "the card says that the release " + place.release_id + " is not fit",
                       "to approve it all the same, say why: --note TEXT");
    }
    record["by"] = options.by;
    record["note"] = options.note;
    record["time"] = pipeline::UtcNow();
    records.push_back(std::move(record));
  }
  Json approvals = Json::array();
  for (size_t i = 0; i < places.size(); ++i) {
    const auto target = io::MakeLocalStore(places[i].target);
    ARROW_ASSIGN_OR_RAISE(const std::string key,
                          pipeline::PutApproval(*target, places[i].release_id, records[i]));
    records[i]["record"] = places[i].target + "/" + key;
    approvals.push_back(std::move(records[i]));
  }
  return Json{{"ok", true}, {"approvals", std::move(approvals)}}.dump(
      2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace millrace
