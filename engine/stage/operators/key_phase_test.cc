// What is compared when rows are found equal, and what an index knows beyond the stage.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "stage/operators/key_index.h"
#include "stage/testing/stage_fixture.h"

namespace millrace::stage {
namespace {

constexpr const char* kRowId = "__fdf__/row_id";

/// The ids of the rows of the input with the first of each text, as they come.
Strings FirstOfTexts(const std::string& folder, const std::string& workspace) {
  StageRun all(folder, workspace);
  all.steps = {{"where", "all", {{"expr", "true"}}}};
  const Manifest manifest = all.Run().ValueOrDie();
  const Strings texts = all.Column(manifest.outputs, "text");
  const Strings ids = all.Column(manifest.outputs, kRowId);
  std::set<std::string> seen;
  Strings firsts;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (seen.insert(texts[i]).second) firsts.push_back(ids[i]);
  }
  return firsts;
}

struct IndexedRun : StageRun {
  IndexedRun(const std::string& folder, const std::string& workspace, const std::string& as,
             std::shared_ptr<io::Store> index)
      : StageRun(folder, workspace) {
    steps = {{"exact_dedup", "d", {{"fields", "text"}, {"index", "index"}, {"index_as", as}}}};
    split_bytes = 1;
    mix = [index](OperatorPlan* plan) {
      plan->indexes["d"] = index;
      return Status::OK();
    };
  }
  std::set<std::string> Texts() {
    const Manifest manifest = Run().ValueOrDie();
    CHECK(manifest.rows.holds());
    const Strings texts = Column(manifest.outputs, "text");
    return {texts.begin(), texts.end()};
  }
};

std::map<std::string, std::string> FilesOf(io::Store& store) {
  std::map<std::string, std::string> files;
  for (const io::FileInfo& file : store.List("").ValueOrDie()) {
    if (!io::IsTemporaryKey(file.key)) files[file.key] = store.ReadSmall(file.key).ValueOrDie();
  }
  return files;
}

}  // namespace

TEST_CASE("rows whose digests are equal by chance are told apart by their values") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(4, 900));
  const Strings firsts = FirstOfTexts(folder.path(), "all");
  std::map<std::string, std::string> expected;
  for (const bool verify : {false, true}) {
    for (const int threads : {1, 4}) {
      CAPTURE(verify);
      StageRun run(folder.path(), std::to_string(verify) + std::to_string(threads));
      run.split_bytes = 1;
      run.ingest.limits.threads = threads;
      run.steps = {
          {"exact_dedup", "d", {{"fields", "text"}, {"verify", verify ? "true" : "false"}}}};
      run.mix = [](OperatorPlan* plan) {
        plan->key_digest_bits = 3;
        return Status::OK();
      };
      const Manifest manifest = run.Run().ValueOrDie();
      CHECK(manifest.rows.holds());
      if (!verify) {
        CHECK(manifest.rows.written <= 8);
        continue;
      }
      CHECK(run.Column(manifest.outputs, kRowId) == firsts);
      const auto tree = run.ManifestTree();
      if (expected.empty()) expected = tree;
      CHECK(tree == expected);
    }
  }
}

TEST_CASE("comparing values gives what comparing digests gives") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(9, 1200));
  std::vector<Strings> kept;
  for (const std::string verify : {"false", "true"}) {
    StageRun run(folder.path(), verify);
    run.split_bytes = 1;
    run.steps = {{"where", "some", {{"expr", "id % 5 != 0"}}},
                 {"unique", "u", {{"field", "id"}}},
                 {"exact_dedup", "d", {{"fields", "text"}, {"verify", verify}}}};
    const Manifest manifest = run.Run().ValueOrDie();
    kept.push_back(run.Column(manifest.outputs, kRowId));
    kept.push_back(run.Column(manifest.reject_files, "threshold"));
  }
  CHECK(kept[0] == kept[2]);
  CHECK(kept[1] == kept[3]);
}

TEST_CASE("rows that another stage put into an index are dropped, its own are not") {
  TempFolder first, second, place;
  first.Write("in/f", RandomLines(1, 300));
  second.Write("in/f", RandomLines(1, 300) + RandomLines(2, 300));
  const auto index = io::MakeLocalStore(place.path(), true);
  IndexedRun one(first.path(), "w", "one", index);
  const std::set<std::string> of_first = one.Texts();
  IndexedRun two(second.path(), "w", "two", index);
  const std::set<std::string> of_second = two.Texts();
  std::set<std::string> both;
  std::set_intersection(of_first.begin(), of_first.end(), of_second.begin(), of_second.end(),
                        std::inserter(both, both.end()));
  CHECK(both.empty());
  CHECK(of_second.size() > 10);
  const Manifest manifest = two.Run().ValueOrDie();
  const Strings thresholds = two.Column(manifest.reject_files, "threshold");
  CHECK(std::count(thresholds.begin(), thresholds.end(), "index one") > 100);
  // Again, in the same and in fresh workspaces: nothing changes.
  const auto files = FilesOf(*index);
  CHECK(files.size() == 4);
  CHECK(one.Texts() == of_first);
  CHECK(two.Texts() == of_second);
  IndexedRun fresh(first.path(), "fresh", "one", index);
  CHECK(fresh.Texts() == of_first);
  CHECK(fresh.ManifestTree() == one.ManifestTree());
  CHECK(FilesOf(*index) == files);
  // More rows under the same name: those that are new to all stay.
  first.Write("in/g", RandomLines(2, 300) + RandomLines(3, 300));
  const std::set<std::string> more = one.Texts();
  CHECK(more.size() > of_first.size());
  CHECK(std::includes(more.begin(), more.end(), of_first.begin(), of_first.end()));
  both.clear();
  std::set_intersection(more.begin(), more.end(), of_second.begin(), of_second.end(),
                        std::inserter(both, both.end()));
  CHECK(both.empty());
  CHECK(FilesOf(*index).size() == 4);
}

TEST_CASE("a crash of a stage with an index at every operation is made good by running again") {
  TempFolder inputs, known;
  inputs.Write("in/a", RandomLines(1, 20));
  inputs.Write("in/b", RandomLines(2, 20));
  known.Write("in/a", RandomLines(2, 5));
  const auto set_up = [&](const std::string& folder) {
    const auto index = io::MakeLocalStore(folder + "/index", true);
    IndexedRun before(known.path(), "w" + std::to_string(folder.size()), "before", index);
    before.ingest.workspace = io::MakeLocalStore(folder + "/before", true);
    REQUIRE(before.Run().ok());
    return index;
  };
  TempFolder fresh_folder;
  const auto fresh_index = set_up(fresh_folder.path());
  IndexedRun fresh(inputs.path(), "fresh", "now", fresh_index);
  fresh.ingest.workspace = io::MakeLocalStore(fresh_folder.path() + "/w", true);
  REQUIRE(fresh.Run().ok());
  const auto expected = fresh.ManifestTree();
  const auto expected_index = FilesOf(*fresh_index);
  for (int k = 1;; ++k) {
    CAPTURE(k);
    TempFolder folder;
    const auto index = set_up(folder.path());
    const auto good = io::MakeLocalStore(folder.path() + "/w", true);
    int operations = 0;
    io::FaultPlan faults;
    faults.tear = k % 2 == 0;
    faults.next_operation = [&](std::string_view, const std::string&) {
      return ++operations >= k ? MakeError(ErrorCode::kIoFailed, "crash") : Status::OK();
    };
    {
      IndexedRun run(inputs.path(), "x", "now", io::MakeFaultyStore(index, faults));
      run.ingest.limits.threads = 1;
      run.ingest.workspace = good;
      REQUIRE(run.ingest.Run().ok());
      run.ingest.workspace = io::MakeFaultyStore(good, faults);
      const auto crashed = run.Run();
      if (operations < k) {
        CHECK(crashed.ok());
        CHECK(k > 20);
        break;
      }
    }
    IndexedRun run(inputs.path(), "x", "now", index);
    run.ingest.workspace = good;
    REQUIRE(run.Run().ok());
    CHECK(run.ManifestTree() == expected);
    // What a crash left behind under a name of its own is no part.
    const auto files = FilesOf(*index);
    for (const auto& [key, bytes] : expected_index) CHECK(files.at(key) == bytes);
  }
}

TEST_CASE("an index of other keys, or a damaged one, is refused by name") {
  TempFolder folder, place;
  folder.Write("in/f", RandomLines(1, 100));
  const auto index = io::MakeLocalStore(place.path(), true);
  IndexedRun one(folder.path(), "w", "one", index);
  REQUIRE(one.Run().ok());
  IndexedRun other(folder.path(), "v", "two", index);
  other.steps[0].parameters[0].second = "id";
  const auto refused = other.Run();
  REQUIRE_FALSE(refused.ok());
  CHECK(CodeOf(refused.status()) == ErrorCode::kUsage);
  CHECK(refused.status().message().find("digests of text, not of id") != std::string::npos);
  const auto parts = ReadKeyIndex(*index, "text", "").ValueOrDie();
  REQUIRE(parts.size() == 1);
  std::string bytes = index->ReadSmall(parts[0].file.path).ValueOrDie();
  for (size_t i = 4; i < bytes.size() - 8; ++i) bytes[i] = static_cast<char>(bytes[i] ^ 0x11);
  REQUIRE(index->Replace(parts[0].file.path, bytes).ok());
  IndexedRun two(folder.path(), "u", "two", index);
  const auto damaged = two.Run();
  REQUIRE_FALSE(damaged.ok());
  CHECK(CodeOf(damaged.status()) == ErrorCode::kWorkspaceDamaged);
  CHECK(damaged.status().message().find(parts[0].file.path) != std::string::npos);
  REQUIRE(index->Remove(parts[0].file.path).ok());
  const auto missing = two.Run();
  REQUIRE_FALSE(missing.ok());
  CHECK(CodeOf(missing.status()) == ErrorCode::kWorkspaceDamaged);
}

}  // namespace millrace::stage
