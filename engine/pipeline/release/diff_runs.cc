#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "base/reserved_columns.h"
#include "export/release_json.h"
#include "io/store.h"
#include "millrace/release.h"
#include "pipeline/release/config_changes.h"
#include "pipeline/release/release_places.h"
#include "pipeline/release/row_fates.h"
#include "pipeline/report/changes.h"
#include "pipeline/stored_json.h"
#include "stage/manifest.h"
#include "stage/reference.h"

namespace millrace {
namespace pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kSortBytes = int64_t{256} << 20;

// A table as it was ingested, or (true) a stage of the config.
using Name = std::pair<bool, std::string>;

// One of the two, as far as it is known.
struct Side {
  Json report;
  std::string workspace;  // "" of a release: only its card is known
  std::string config, model;
  std::shared_ptr<io::Store> store;
  struct Rows {
    stage::Manifest manifest;
    std::string folder;
  };
  std::map<Name, Rows> rows;
  bool rows_known = true;  // false: some of its files are gone
};

Result<std::string> ReadIfThere(io::Store& store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const bool there, store.Exists(key));
  return there ? store.ReadSmall(key, std::numeric_limits<int64_t>::max()) : std::string();
}

std::vector<io::DataFile> FilesOf(const Json& table, const char* key) {
  std::vector<io::DataFile> files;
  for (const Json& file : ItemsOf(table, key)) {
    files.push_back({TextOf(file, "path"), NumberOf(file, "rows"), NumberOf(file, "bytes"),
                     TextOf(file, "sha256"), TextOf(file, "logical_sha256"),
                     NumberOf(file, "referred_bytes")});
  }
  return files;
}

// A later run of the same stage has a manifest of its own in the place of this one's; the files,
// which their content names, stay until they are collected.
Status FindFiles(const std::string& folder, const stage::Manifest& manifest, Side* side) {
  for (const auto* files : {&manifest.outputs, &manifest.reject_files}) {
    for (const io::DataFile& file : *files) {
      ARROW_ASSIGN_OR_RAISE(const bool there, side->store->Exists(folder + "/" + file.path));
      if (!there) side->rows_known = false;
    }
  }
  return Status::OK();
}

Status AddRows(const Name& name, const Json& table, Side* side) {
  Side::Rows& rows = side->rows[name];
  rows.folder = std::filesystem::path(TextOf(table, "manifest")).parent_path().string();
  rows.manifest.outputs = FilesOf(table, "outputs");
  rows.manifest.reject_files = FilesOf(table, "reject_files");
  for (const Json& column : ItemsOf(table, "columns")) {
    rows.manifest.profiles.emplace_back();
    rows.manifest.profiles.back().name = TextOf(column, "name");
    rows.manifest.profiles.back().type = TextOf(column, "type");
  }
  return FindFiles(rows.folder, rows.manifest, side);
}

Result<Side> LoadRun(const RunPlace& run) {
  Side side;
  side.workspace = run.workspace;
  side.store = io::MakeLocalStore(run.workspace, true);
  ARROW_ASSIGN_OR_RAISE(side.report, ReadReport(run.workspace + "/" + run.folder + "/report.json"));
  ARROW_ASSIGN_OR_RAISE(side.config,
                        ReadIfThere(*side.store, run.folder + "/pipeline.resolved.yaml"));
  ARROW_ASSIGN_OR_RAISE(side.model,
                        ReadIfThere(*side.store, run.folder + "/model_contract.resolved.yaml"));
  for (const Json& table : ItemsOf(side.report, "tables")) {
    ARROW_RETURN_NOT_OK(AddRows({false, TextOf(table, "table")}, table, &side));
  }
  for (const Json& stage : ItemsOf(side.report, "stages")) {
    ARROW_RETURN_NOT_OK(AddRows({true, TextOf(stage, "stage")}, stage, &side));
  }
  return side;
}

Result<Side> LoadSide(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const PathKind kind, KindOfPath(path));
  if (kind == PathKind::kRun || kind == PathKind::kWorkspace) {
    ARROW_ASSIGN_OR_RAISE(const RunPlace run, FindRun(path, kind));
    return LoadRun(run);
  }
  ARROW_ASSIGN_OR_RAISE(const ReleasePlace place, FindRelease(path, kind));
  const std::string card =
      place.target + "/" + exporting::CardKey(place.release_id, exporting::kCardJsonName);
  std::error_code error;
  if (!std::filesystem::is_regular_file(card, error)) {
    return MakeError(ErrorCode::kUnreadablePath, "the release " + place.release_id + " has no card",
                     "`millrace run` writes it beside the release");
  }
  Side side;
  ARROW_ASSIGN_OR_RAISE(side.report, ReadReport(card));
  return side;
}

Json Identity(const Side& side) {
  Json json = Json::object();
  for (const char* key :
       {"pipeline", "run_id", "config_hash", "engine_version", "verdict", "outcome"}) {
    if (MemberOf(side.report, key).is_string()) json[key] = TextOf(side.report, key);
  }
  return json;
}

std::vector<std::string> SharedColumns(const stage::Manifest* a, const stage::Manifest* b) {
  std::vector<std::string> columns;
  if (a == nullptr || b == nullptr) return columns;
  std::map<std::string, std::string> types;
  for (const stage::ColumnProfile& column : a->profiles) types[column.name] = column.type;
  for (const stage::ColumnProfile& column : b->profiles) {
    const auto found = types.find(column.name);
    if (found != types.end() && found->second == column.type) columns.push_back(column.name);
  }
  return columns;
}

using Files = std::set<std::string, std::less<>>;

// What a run knows of each file that it read, by `<source>/<path>`.
std::map<std::string, Json> InputsOf(const Side& side) {
  std::map<std::string, Json> inputs;
  for (const Json& table : ItemsOf(side.report, "tables")) {
    for (const Json& input : ItemsOf(table, "inputs")) {
      inputs[TextOf(input, "source") + "/" + TextOf(input, "path")] = input;
    }
  }
  return inputs;
}

// Another content, or one that is read in another way: rows may stand elsewhere.
Files ChangedFiles(const Side& a, const Side& b) {
  const auto before = InputsOf(a), after = InputsOf(b);
  Files changed;
  for (const auto& [one, other] : {std::pair(&before, &after), std::pair(&after, &before)}) {
    for (const auto& [file, input] : *one) {
      const auto found = other->find(file);
      if (found == other->end() || found->second != input) changed.insert(file);
    }
  }
  return changed;
}

Json FatesJson(const FateChanges& fates, const Name& name) {
  Json changes = Json::array();
  for (const FateChange& change : fates.changes) {
    changes.push_back({{"before", change.before},
                       {"after", change.after},
                       {"rows", change.rows},
                       {"row_ids", change.row_ids}});
  }
  return {{name.first ? "stage" : "table", name.second},
          {"rows_same", fates.rows_same},
          {"rows_moved", fates.rows_moved},
          {"changes", std::move(changes)}};
}

// Of rows that stayed in the files of their sources: whether both runs read the same, which is all
// that can be told without the files as they were.
Json PlacesJson(const std::optional<FateTable> (&sides)[2], const Name& name) {
  const auto same_files = [](const std::vector<io::DataFile>& a,
                             const std::vector<io::DataFile>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const io::DataFile& x, const io::DataFile& y) {
                        return x.path == y.path && x.sha256 == y.sha256;
                      });
  };
  if (sides[0] && sides[1] &&
      same_files(sides[0]->manifest->outputs, sides[1]->manifest->outputs) &&
      same_files(sides[0]->manifest->reject_files, sides[1]->manifest->reject_files)) {
    FateChanges same;
    for (const auto* files : {&sides[0]->manifest->outputs, &sides[0]->manifest->reject_files}) {
      for (const io::DataFile& file : *files) same.rows_same += file.rows;
    }
    return FatesJson(same, name);
  }
  return {{name.first ? "stage" : "table", name.second},
          {"rows_not_compared", "they stayed in the files of their sources"}};
}

Result<Json> CompareRows(const Side& a, const Side& b) {
  std::set<Name> names;
  for (const auto& [name, rows] : a.rows) names.insert(name);
  for (const auto& [name, rows] : b.rows) names.insert(name);
  const Files changed = ChangedFiles(a, b);
  Json list = Json::array();
  for (const Name& name : names) {
    std::optional<FateTable> sides[2];
    const Side* const both[2] = {&a, &b};
    for (size_t i = 0; i < 2; ++i) {
      const auto found = both[i]->rows.find(name);
      if (found == both[i]->rows.end()) continue;
      sides[i] = FateTable{both[i]->store.get(), found->second.folder, &found->second.manifest};
    }
    const auto in_place = [](const std::optional<FateTable>& side) {
      return side && stage::HoldReferences(side->manifest->outputs);
    };
    if (in_place(sides[0]) || in_place(sides[1])) {
      list.push_back(PlacesJson(sides, name));
      continue;
    }
    const auto pointer = [](const std::optional<FateTable>& side) {
      return side ? &*side : nullptr;
    };
    const auto columns = SharedColumns(sides[0] ? sides[0]->manifest : nullptr,
                                       sides[1] ? sides[1]->manifest : nullptr);
    ARROW_ASSIGN_OR_RAISE(
        const FateChanges fates,
        CompareFates(pointer(sides[0]), pointer(sides[1]), columns, changed, kSortBytes));
    list.push_back(FatesJson(fates, name));
  }
  return list;
}

void AddConfigChanges(const std::string& file, const std::string& before, const std::string& after,
                      Json* list) {
  for (const ConfigChange& change : CompareConfigs(before, after)) {
    Json json = {{"file", file}, {"path", change.path}};
    json["before"] = change.before.empty() ? Json() : Json(change.before);
    json["after"] = change.after.empty() ? Json() : Json(change.after);
    list->push_back(std::move(json));
  }
}

}  // namespace
}  // namespace pipeline

Result<std::string> DiffRuns(const std::string& before, const std::string& after) {
  using pipeline::Json;
  ARROW_ASSIGN_OR_RAISE(const pipeline::Side a, pipeline::LoadSide(before));
  ARROW_ASSIGN_OR_RAISE(const pipeline::Side b, pipeline::LoadSide(after));
  const bool runs = !a.workspace.empty() && !b.workspace.empty();
  Json config = Json::array(), changes = Json::array();
  if (runs) {
    pipeline::AddConfigChanges("pipeline", a.config, b.config, &config);
    pipeline::AddConfigChanges("model_contract", a.model, b.model, &config);
  }
  for (const pipeline::Change& change : pipeline::ChangesBetween(a.report, b.report)) {
    changes.push_back(pipeline::ChangeJson(change));
    changes.back()["text"] = {pipeline::ChangeText(change),
                              pipeline::SideText(change, change.before),
                              pipeline::SideText(change, change.after)};
  }
  Json json = {{"before", pipeline::Identity(a)}, {"after", pipeline::Identity(b)}};
  json["compared"] = runs ? "runs" : "cards";
  json["config"] = std::move(config);
  json["changes"] = std::move(changes);
  if (runs && a.rows_known && b.rows_known) {
    ARROW_ASSIGN_OR_RAISE(json["rows"], pipeline::CompareRows(a, b));
  } else {
    json["rows_not_compared"] = !runs ? "of a release only the card is known"
                                : a.rows_known
                                    ? "files of the later run are gone from its workspace"
                                    : "files of the earlier run are gone from its workspace";
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace millrace
