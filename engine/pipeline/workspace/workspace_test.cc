#include "millrace/workspace.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "base/testing/temp_folder.h"
#include "stage/commit_record_json.h"
#include "stage/identity.h"
#include "stage/manifest_json.h"
#include "stage/workspace_lock.h"

namespace millrace {
namespace {

io::DataFile FileOf(const std::string& path, const std::string& bytes) {
  return {path, 1, static_cast<int64_t>(bytes.size()), Sha256Hex(bytes), ""};
}

// A stage of one split with a shard, a reject file and a profile, which `runs` refers to.
struct Workspace {
  Workspace() {
    stage::CommitRecord commit;
    commit.split_id = "s1";
    commit.shards.push_back({FileOf("data/a.parquet", "shard"), 0, 0});
    commit.reject_files.push_back(FileOf("rejects/a.parquet", "rejects"));
    commit.profile = FileOf("profiles/a.jsonl", "profile");
    stage::Manifest manifest;
    manifest.format_version = stage::kFormatVersion;
    manifest.rows = {.read = 2, .written = 1, .rejected = 1};
    manifest.outputs.push_back(commit.shards[0].data);
    manifest.reject_files = commit.reject_files;
    Put("data/a.parquet", "shard");
    Put("rejects/a.parquet", "rejects");
    Put("profiles/a.jsonl", "profile");
    Put("commits/s1.json", stage::CommitRecordToJson(commit));
    Put("manifest.json", stage::ManifestToJson(manifest));
    folder.Write("runs/p.1/stages.json", "[\"stages/ingest/k\"]\n");
  }
  void Put(const std::string& path, const std::string& bytes) const {
    folder.Write("stages/ingest/k/" + path, bytes);
  }
  bool Has(const std::string& key) const {
    return std::filesystem::exists(std::filesystem::path(folder.path()) / key);
  }
  std::vector<std::string> Problems() const {
    const auto result = VerifyWorkspace(folder.path());
    REQUIRE(result.ok());
    return result->problems;
  }
  std::vector<std::string> Removed(bool dry_run = false) const {
    const auto result = CollectGarbage(folder.path(), dry_run);
    REQUIRE(result.ok());
    return result->removed;
  }

  TempFolder folder;
};

bool Mentions(const std::vector<std::string>& sentences, const std::string& word) {
  return std::any_of(sentences.begin(), sentences.end(), [&](const std::string& sentence) {
    return sentence.find(word) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("verify names every file that is not what its record says") {
  const Workspace workspace;
  CHECK(workspace.Problems().empty());
  CHECK(VerifyWorkspace(workspace.folder.path())->files_checked == 5);

  SUBCASE("another content of the same size") {
    workspace.Put("data/a.parquet", "shArd");
    REQUIRE(workspace.Problems().size() == 1);
    CHECK(Mentions(workspace.Problems(), "data/a.parquet"));
  }
  SUBCASE("another size") {
    workspace.Put("rejects/a.parquet", "rej");
    CHECK(Mentions(workspace.Problems(), "3 bytes instead of 7"));
  }
  SUBCASE("a file that is gone") {
    std::filesystem::remove(std::filesystem::path(workspace.folder.path()) /
                            "stages/ingest/k/profiles/a.jsonl");
    CHECK(Mentions(workspace.Problems(), "profiles/a.jsonl"));
  }
  SUBCASE("a record that cannot be read") {
    workspace.Put("commits/s1.json", "{");
    CHECK(Mentions(workspace.Problems(), "commits/s1.json"));
  }
}

TEST_CASE("verify and gc want a workspace") {
  const TempFolder folder;
  CHECK(CodeOf(VerifyWorkspace(folder.path()).status()) == ErrorCode::kUnreadablePath);
  CHECK(CodeOf(CollectGarbage(folder.path() + "/none", true).status()) ==
        ErrorCode::kUnreadablePath);
}

TEST_CASE("gc removes what nothing names, and nothing else") {
  const Workspace workspace;
  CHECK(workspace.Removed().empty());
  workspace.Put("data/b.parquet", "leftover");
  workspace.Put("data/.tmp-12-0", "torn");
  CHECK(workspace.Removed(/*dry_run=*/true).size() == 2);
  CHECK(workspace.Has("stages/ingest/k/data/b.parquet"));
  CHECK(workspace.Removed().size() == 2);
  CHECK_FALSE(workspace.Has("stages/ingest/k/data/b.parquet"));
  CHECK_FALSE(workspace.Has("stages/ingest/k/data/.tmp-12-0"));
  CHECK(workspace.Problems().empty());
}

TEST_CASE("gc lets go of a stage when no run refers to it") {
  const Workspace workspace;
  workspace.folder.Write("stages/ingest/old/data/x.parquet", "x");
  CHECK(workspace.Removed() == std::vector<std::string>{"stages/ingest/old/data/x.parquet"});
  CHECK_FALSE(workspace.Has("stages/ingest/old"));
  std::filesystem::remove_all(std::filesystem::path(workspace.folder.path()) / "runs/p.1");
  CHECK(workspace.Removed().size() == 5);
  CHECK_FALSE(workspace.Has("stages/ingest/k"));
}

TEST_CASE("gc lets go of datasets and profiles whose shards are gone") {
  const Workspace workspace;
  const auto add = [&](const std::string& name, const std::string& shards) {
    workspace.folder.Write("datasets/" + name + ".arrow", "rows");
    if (!shards.empty()) workspace.folder.Write("datasets/" + name + ".json", shards);
  };
  const std::string here = R"({"shards": ["stages/ingest/k/data/a.parquet"]})";
  add("here", here);
  workspace.folder.Write("profiles/p/ingest/k/a.bin", "profile");
  workspace.folder.Write("profiles/p/ingest/k/a.json", here);
  add("empty", R"({"shards": []})");
  CHECK(workspace.Removed().empty());
  add("gone",
      R"({"shards": ["stages/ingest/k/data/a.parquet", "stages/ingest/k/data/b.parquet"]})");
  add("unknown", "");
  add("torn", "{");
  workspace.folder.Write("datasets/later.arrow.12.part", "ro");
  workspace.folder.Write("profiles/p/ingest/k/b.bin", "profile");
  workspace.folder.Write("profiles/p/ingest/k/b.json",
                         R"({"shards": ["stages/ingest/k/data/b.parquet"]})");
  const std::vector<std::string> gone = {"datasets/gone.arrow",       "datasets/gone.json",
                                         "datasets/torn.arrow",       "datasets/torn.json",
                                         "datasets/unknown.arrow",    "profiles/p/ingest/k/b.bin",
                                         "profiles/p/ingest/k/b.json"};
  CHECK(workspace.Removed(/*dry_run=*/true) == gone);
  CHECK(workspace.Removed() == gone);
  CHECK(workspace.Has("datasets/here.arrow"));
  CHECK(workspace.Has("profiles/p/ingest/k/a.bin"));
  CHECK(workspace.Has("datasets/later.arrow.12.part"));
}

TEST_CASE("gc leaves a stage alone whose record cannot be read") {
  const Workspace workspace;
  workspace.Put("commits/s1.json", "{");
  workspace.Put("data/b.parquet", "perhaps the record named it");
  workspace.Put("data/.tmp-12-0", "torn");
  CHECK(workspace.Removed() == std::vector<std::string>{"stages/ingest/k/data/.tmp-12-0"});
}

TEST_CASE("gc does not touch a workspace in which a run is active") {
  const Workspace workspace;
  const auto store = io::MakeLocalStore(workspace.folder.path());
  const auto lock = stage::LockWorkspace(*store, false, nullptr);
  REQUIRE(lock.ok());
  CHECK(CodeOf(CollectGarbage(workspace.folder.path(), false).status()) ==
        ErrorCode::kWorkspaceBusy);
}

TEST_CASE("status tells complete from resumable") {
  const Workspace workspace;
  workspace.folder.Write("runs/p.2/attempts/1.jsonl",
                         "{\"event\":\"attempt_failed\",\"message\":\"no\"}\n{\"torn");
  workspace.folder.Write("runs/p.1/report.json",
                         R"({"pipeline":"x","rows":{"read":2,"written":1,"rejected":1}})");
  const auto status = WorkspaceStatus(workspace.folder.path());
  REQUIRE(status.ok());
  const auto json = nlohmann::json::parse(*status);
  CHECK(json["active"] == false);
  for (const auto& run : json["runs"]) {
    CAPTURE(run.dump());
    if (run["run"] == "runs/p.1") {
      CHECK(run["state"] == "complete");
      CHECK(run["rows_read"] == 2);
    } else {
      CHECK(run["state"] == "resumable");
      CHECK(run["message"] == "no");
    }
  }
}

}  // namespace millrace
