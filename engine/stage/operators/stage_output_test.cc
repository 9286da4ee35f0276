// How a stage's shards are cut at its end, and what it takes from memory instead of from them.
#include <doctest/doctest.h>

#include <random>

#include "stage/testing/stage_fixture.h"

namespace millrace::stage {
namespace {

constexpr const char* kRowId = "__fdf__/row_id";

std::vector<int64_t> RowsPerShard(const Manifest& manifest) {
  std::vector<int64_t> rows;
  for (const io::DataFile& shard : manifest.outputs) rows.push_back(shard.rows);
  return rows;
}

void KeepSome(StageRun* run) {
  run->split_bytes = 1;  // a split for each shard
  run->steps = {{"where", "some", {{"expr", "id % 3 != 0"}}}};
}

}  // namespace

TEST_CASE("small shards are joined with their neighbours, and no row changes its place") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(11, 900));
  StageRun plain(folder.path(), "plain");
  KeepSome(&plain);
  const Manifest before = plain.Run().ValueOrDie();
  StageRun run(folder.path());
  KeepSome(&run);
  run.rows_per_shard = 200;
  run.bytes_per_shard = 6000;
  const Manifest manifest = run.Run().ValueOrDie();
  CHECK(run.Column(manifest.outputs, kRowId) == plain.Column(before.outputs, kRowId));
  CHECK(run.Column(manifest.outputs, "text") == plain.Column(before.outputs, "text"));
  CHECK(manifest.outputs.size() < before.outputs.size() / 2);
  const std::vector<int64_t> rows = RowsPerShard(manifest);
  CHECK(*std::max_element(rows.begin(), rows.end()) <= 200);
  CHECK(manifest.rows.written == before.rows.written);
  REQUIRE(manifest.profiles.size() == before.profiles.size());
  CHECK(manifest.profiles.at(0).rows == before.profiles.at(0).rows);
  Progress progress;
  run.ingest.progress = &progress;
  REQUIRE(run.Run().ok());
  CHECK(progress.splits_skipped == progress.splits_total);
  CHECK(progress.splits_done == progress.splits_total);
  CHECK(progress.rows_written == manifest.rows.written);
}

TEST_CASE("a shard ends with the row that reaches its bytes, wherever batches end") {
  TempFolder folder;
  folder.Write("in/big", RandomLines(3, 1500));
  StageRun run(folder.path());
  run.steps = {{"where", "all", {{"expr", "true"}}}};
  run.split_bytes = 1 << 20;
  run.rows_per_shard = 1 << 20;
  run.bytes_per_shard = 4000;
  const Manifest manifest = run.Run().ValueOrDie();
  REQUIRE(manifest.outputs.size() > 3);
  int64_t rows = 0, bytes = 0;
  std::vector<int64_t> expected;
  const auto texts = run.Column(manifest.outputs, "text");
  const auto ids = run.Column(manifest.outputs, kRowId);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto size = [](const std::string& text) {
      return text == "null" ? 4 : 4 + static_cast<int64_t>(text.size());  // an offset and the bytes
    };
    bytes += 8 + size(texts[i]) + size(ids[i]);
    ++rows;
    if (bytes < 4000) continue;
    expected.push_back(rows);
    rows = bytes = 0;
  }
  if (rows > 0) expected.push_back(rows);
  CHECK(RowsPerShard(manifest) == expected);
}

TEST_CASE("rows are divided evenly among a multiple of shards, in their order") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(11, 900));
  for (const bool shuffled : {false, true}) {
    CAPTURE(shuffled);
    StageRun plain(folder.path(), std::string("plain") + (shuffled ? "s" : ""));
    StageRun run(folder.path(), std::string("even") + (shuffled ? "s" : ""));
    for (StageRun* one : {&plain, &run}) {
      KeepSome(one);
      if (shuffled) one->steps.push_back({"shuffle", "mix", {}});
    }
    run.shards_multiple_of = 8;
    const Manifest before = plain.Run().ValueOrDie();
    const Manifest manifest = run.Run().ValueOrDie();
    const std::vector<int64_t> rows = RowsPerShard(manifest);
    CHECK(rows.size() % 8 == 0);
    CHECK(*std::max_element(rows.begin(), rows.end()) <= 60);
    CHECK(*std::max_element(rows.begin(), rows.end()) -
              *std::min_element(rows.begin(), rows.end()) <=
          1);
    CHECK(run.Column(manifest.outputs, kRowId) == plain.Column(before.outputs, kRowId));
  }
}

TEST_CASE("fewer rows than shards leave some of them empty") {
  TempFolder folder;
  folder.Write("in/few", RandomLines(1, 3));
  StageRun run(folder.path());
  run.steps = {{"where", "all", {{"expr", "true"}}}};
  run.shards_multiple_of = 5;
  const Manifest manifest = run.Run().ValueOrDie();
  CHECK(RowsPerShard(manifest) == std::vector<int64_t>{1, 1, 1, 0, 0});
  CHECK(manifest.rows.holds());
}

TEST_CASE("joined and divided shards have the same bytes for any threads and memory") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(7, 1500));
  for (const int64_t multiple : {0, 3}) {
    std::map<std::string, std::string> expected;
    for (const int threads : {1, 2, 8}) {
      StageRun run(folder.path(), std::to_string(multiple) + std::to_string(threads));
      run.split_bytes = 1;
      run.steps = {{"exact_dedup", "d", {{"fields", "text"}}}, {"shuffle", "mix", {}}};
      run.bytes_per_shard = 5000;
      run.shards_multiple_of = multiple;
      run.ingest.limits = {threads, threads == 1 ? int64_t{192} << 20 : int64_t{2} << 30};
      if (threads == 8) run.ingest.fresh_rows = std::make_shared<FreshRows>(64 << 20);
      REQUIRE(run.Run().ok());
      const auto tree = run.ManifestTree();
      if (expected.empty()) expected = tree;
      CHECK(tree == expected);
    }
  }
}

TEST_CASE("any sequence of runs that join shards ends in the bytes of a fresh workspace") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const int64_t multiple : {0, 4}) {
    TempFolder folder;
    StageRun run(folder.path());
    const auto set = [&](StageRun* one) {
      KeepSome(one);
      one->steps.push_back({"exact_dedup", "d", {{"fields", "text"}}});
      one->bytes_per_shard = 3000;
      one->shards_multiple_of = multiple;
    };
    set(&run);
    for (int step = 0; step < 12; ++step) {
      folder.Write("in/f" + std::to_string(random() % 8), RandomLines(random() % 6, 80));
      if (step % 3 == 2) REQUIRE(run.Run().ok());
    }
    StageRun fresh(folder.path(), "fresh");
    set(&fresh);
    REQUIRE(fresh.Run().ok());
    CHECK(run.ManifestTree() == fresh.ManifestTree());
  }
}

TEST_CASE("a crash while shards are joined, whole or torn, is made good by running again") {
  TempFolder inputs;
  for (int i = 0; i < 4; ++i) {
    inputs.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i), 12));
  }
  for (const int64_t multiple : {0, 3}) {
    const auto set = [&](StageRun* run) {
      KeepSome(run);
      run->bytes_per_shard = 900;
      run->shards_multiple_of = multiple;
    };
    TempFolder fresh_folder;
    StageRun fresh(inputs.path());
    set(&fresh);
    fresh.ingest.workspace = io::MakeLocalStore(fresh_folder.path(), true);
    REQUIRE(fresh.Run().ok());
    const auto expected = fresh.ManifestTree();
    const std::string made = multiple > 0 ? "/even-" : "/joined-";
    CHECK(std::any_of(expected.begin(), expected.end(), [&](const auto& file) {
      return file.first.find(made) != std::string::npos;
    }));
    for (int k = 1;; ++k) {
      CAPTURE(k);
      CAPTURE(multiple);
      TempFolder folder;
      StageRun run(inputs.path());
      set(&run);
      if (!IsMadeGood(run, folder.path(), k, k % 2 == 0, expected, 20)) break;
    }
  }
}

TEST_CASE("rows in memory are read instead of their shards, with the same results") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(5, 2000));
  StageRun plain(folder.path(), "plain");
  REQUIRE(plain.Run().ok());
  StageRun run(folder.path());
  run.ingest.fresh_rows = std::make_shared<FreshRows>(64 << 20);
  run.before_stage = [&](const Manifest& ingest) {  // no shard is looked at
    for (const io::DataFile& shard : ingest.outputs) {
      const std::string key = IngestFolder(run.ingest.plan) + '/' + shard.path;
      REQUIRE(run.ingest.workspace->Replace(key, "nothing").ok());
    }
  };
  REQUIRE(run.Run().ok());
  CHECK(run.ManifestTree() == plain.ManifestTree());
}

TEST_CASE("rows that do not fit into memory are read from their shards") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(5, 2000));
  StageRun plain(folder.path(), "plain");
  REQUIRE(plain.Run().ok());
  for (const int64_t bytes : {0, 20'000, 60'000}) {
    StageRun run(folder.path(), std::to_string(bytes));
    run.ingest.fresh_rows = std::make_shared<FreshRows>(bytes);
    REQUIRE(run.Run().ok());
    CHECK(run.ManifestTree() == plain.ManifestTree());
  }
}

TEST_CASE("rows that nobody reads after a stage are let go with their splits") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(5, 2000));
  for (const bool read_last : {false, true}) {
    StageRun run(folder.path(), read_last ? "last" : "again");
    run.ingest.fresh_rows = std::make_shared<FreshRows>(64 << 20);
    run.read_last = read_last;
    std::vector<std::string> keys;
    run.before_stage = [&](const Manifest& ingest) {
      for (const io::DataFile& shard : ingest.outputs) {
        keys.push_back(IngestFolder(run.ingest.plan) + '/' + shard.path);
        REQUIRE(run.ingest.fresh_rows->Find(keys.back()) != nullptr);
      }
    };
    REQUIRE(run.Run().ok());
    REQUIRE(keys.size() > 3);
    for (const std::string& key : keys) {
      CHECK((run.ingest.fresh_rows->Find(key) == nullptr) == read_last);
    }
  }
}

TEST_CASE("memory that rows held is free again for others") {
  FreshRows rows(100'000);
  const auto batch = op::testing::Rows({{"n", op::testing::IntArray({1, 2, 3})}});
  int held = 0;
  for (int i = 0; i < 2000; ++i) {
    FreshRows::Shard shard(&rows);
    shard.Add(batch);
    if (i % 2 == 0) continue;  // never committed
    shard.Keep("folder/" + std::to_string(i));
    held += rows.Find("folder/" + std::to_string(i)) != nullptr;
    if (i >= 41) rows.Forget("folder/" + std::to_string(i - 40));
  }
  CHECK(held == 1000);
  CHECK(rows.Find("folder/1") == nullptr);
  CHECK(FreshRows::BytesFor({2, int64_t{512} << 20}) == 0);
  CHECK(FreshRows::BytesFor({2, int64_t{2} << 30}) > int64_t{500} << 20);
}

}  // namespace millrace::stage
