#include "pipeline/release/release_places.h"

#include <filesystem>
#include <limits>

#include "export/release_json.h"
#include "io/object/store_url.h"
#include "io/store.h"
#include "pipeline/run_history.h"
#include "pipeline/stored_json.h"

namespace millrace::pipeline {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}
bool IsFolder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

fs::path Plain(const std::string& path) { return PlainPath(path); }

Result<std::string> ReadText(const fs::path& file) {
  return io::MakeLocalStore(file.parent_path().string())
      ->ReadSmall(file.filename().string(), std::numeric_limits<int64_t>::max());
}

Status NotThere(const std::string& path) {
  return MakeError(ErrorCode::kUnreadablePath,
                   "`" + path + "` is no release, no export's target, no run and no workspace",
                   "a release has `_millrace.json`, a target `LATEST.json`, a run `report.json`, a "
                   "workspace the folders `runs` and `stages`");
}

// Whether `<target>/<id>/` is the release of that run.
bool IsReleaseOf(const fs::path& target, const std::string& id, const std::string& run_id) {
  const fs::path manifest = target / id / exporting::kReleaseManifestName;
  if (!IsFile(manifest)) return false;
  const Result<std::string> text = ReadText(manifest);
  const Json json = text.ok() ? Json::parse(*text, nullptr, false) : Json();
  return TextOf(json, "release_id") == id && TextOf(json, "run_id") == run_id;
}

std::vector<fs::path> PlacesToLook(const std::string& workspace) {
  std::error_code error;
  std::vector<fs::path> places;
  for (fs::path at = fs::path(workspace).parent_path();; at = at.parent_path()) {
    places.push_back(at);
    if (at == at.parent_path()) break;
  }
  places.push_back(fs::current_path(error));
  return places;
}

}  // namespace

std::string PlainPath(const std::string& path) {
  std::error_code error;
  fs::path plain = fs::canonical(path, error);
  if (error) plain = fs::absolute(path).lexically_normal();
  return plain.string();
}

Result<PathKind> KindOfPath(const std::string& path) {
  if (io::IsUrl(path)) {
    return MakeError(ErrorCode::kUnreadablePath, "`" + path + "` is a URL",
                     "only local folders are looked at yet");
  }
  const fs::path folder(path);
  if (!IsFolder(folder)) {
    return MakeError(ErrorCode::kUnreadablePath, "there is no folder `" + path + "`");
  }
  if (IsFile(folder / exporting::kReleaseManifestName)) return PathKind::kRelease;
  if (IsFile(folder / exporting::kLatestName)) return PathKind::kTarget;
  if (Plain(path).parent_path().filename() == "runs") return PathKind::kRun;
  if (IsFolder(folder / "runs") || IsFolder(folder / "stages")) return PathKind::kWorkspace;
  return NotThere(path);
}

Result<std::vector<RunPlace>> AllRuns(const std::string& workspace) {
  const std::string root = Plain(workspace).string();
  const auto store = io::MakeLocalStore(root, true);
  ARROW_ASSIGN_OR_RAISE(const std::vector<PastRun> runs, PastRuns(*store));
  std::vector<RunPlace> places;
  for (const PastRun& run : runs) {
    if (run.complete) places.push_back({root, run.folder});
  }
  return places;
}

Result<RunPlace> FindRun(const std::string& path, PathKind kind) {
  if (kind == PathKind::kRun) {
    const fs::path folder = Plain(path);
    if (!IsFile(folder / "report.json")) {
      return MakeError(ErrorCode::kUnreadablePath, "the run `" + path + "` is not complete",
                       "`millrace run` resumes it");
    }
    return RunPlace{folder.parent_path().parent_path().string(),
                    "runs/" + folder.filename().string()};
  }
  ARROW_ASSIGN_OR_RAISE(const std::vector<RunPlace> runs, AllRuns(path));
  if (runs.empty()) {
    return MakeError(ErrorCode::kUnreadablePath, "the workspace `" + path + "` has no complete run",
                     "`millrace status` lists its runs");
  }
  return runs.front();
}

Result<Json> ReadReport(const std::string& file) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(file));
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return MakeError(ErrorCode::kWorkspaceDamaged, "`" + file + "` cannot be read",
                     "`millrace run` writes a new report");
  }
  return json;
}

Result<std::vector<ReleasePlace>> ReleasesOfRun(const RunPlace& run,
                                                std::vector<std::string>* missing) {
  ARROW_ASSIGN_OR_RAISE(const Json report,
                        ReadReport(run.workspace + "/" + run.folder + "/report.json"));
  std::vector<ReleasePlace> places;
  for (const Json& e : ItemsOf(report, "exports")) {
    const std::string path = TextOf(e, "path"), id = TextOf(e, "release_id");
    bool found = false;
    for (const fs::path& place : PlacesToLook(run.workspace)) {
      if (found || io::IsUrl(path)) break;
      const fs::path target = (place / path).lexically_normal();
      found = IsReleaseOf(target, id, TextOf(report, "run_id"));
      if (found) places.push_back({Plain(target.string()).string(), id});
    }
    if (!found) missing->push_back(path + "/" + id);
  }
  return places;
}

Result<ReleasePlace> FindRelease(const std::string& path, PathKind kind) {
  const fs::path folder = Plain(path);
  if (kind == PathKind::kRelease) {
    return ReleasePlace{folder.parent_path().string(), folder.filename().string()};
  }
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadText(folder / exporting::kLatestName));
  ARROW_ASSIGN_OR_RAISE(const exporting::Latest latest, exporting::ParseLatest(text));
  const bool is_name = !latest.release_id.empty() && latest.release_id.front() != '.' &&
                       latest.release_id.find('/') == std::string::npos;
  if (!is_name || !IsFile(folder / latest.release_id / exporting::kReleaseManifestName)) {
    return MakeError(ErrorCode::kUnreadablePath,
                     "`LATEST.json` in `" + path + "` names no complete release",
                     "`millrace verify` tells more");
  }
  return ReleasePlace{folder.string(), latest.release_id};
}

}  // namespace millrace::pipeline
