#include "stage/operators/operator_stage.h"

#include <doctest/doctest.h>
#include <xxhash.h>

#include <random>

#include "contract/features.h"
#include "stage/operators/exchange.h"
#include "stage/operators/mixture_order.h"
#include "stage/testing/stage_fixture.h"

namespace millrace::stage {
namespace {

/// The shards of the input as three inputs, by turns, and a mixture of them.
Status MixThree(OperatorPlan* plan, mix::Stop stop, int64_t epochs) {
  const StageInput whole = plan->inputs.at(0);
  plan->inputs.assign(3, {"a", whole.folder, {}});
  for (size_t i = 0; i < whole.shards.size(); ++i) {
    plan->inputs[i % 3].shards.push_back(whole.shards[i]);
  }
  plan->inputs[1].name = "b";
  plan->inputs[2].name = "c";
  Mixture mixture;
  mixture.stop = stop;
  mixture.changes = {{300, {1, 1, 2}}};
  const std::vector<int64_t> weights = {600'000, 300'000, 100'000};
  for (size_t i = 0; i < 3; ++i) {
    int64_t rows = 0;
    for (const io::DataFile& shard : plan->inputs[i].shards) rows += shard.rows;
    mixture.inputs.push_back({weights[i], 0, i == 1 ? rows - rows / 5 : -1, -1, epochs});
  }
  ARROW_RETURN_NOT_OK(OrderByRows(plan->inputs, 5, &mixture));
  plan->mixture = std::move(mixture);
  plan->rows_per_draw = 100;
  return Status::OK();
}

constexpr mix::Stop kStops[] = {mix::Stop::kFirstExhausted, mix::Stop::kAllExhausted,
                                mix::Stop::kAllExhaustedWithoutReplacement};

TEST_CASE("each row of a stage is written, or a reject of the instance that dropped it") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(3, 800));
  StageRun run(folder.path());
  const Manifest manifest = run.Run().ValueOrDie();
  CHECK(manifest.rows.holds());
  CHECK(manifest.rows.written == 100);
  REQUIRE(manifest.instances.size() == 8);
  CHECK(manifest.instances[2].dropped > 0);
  CHECK(manifest.instances[3].dropped > 0);
  CHECK(manifest.instances[6].dropped == manifest.rows.not_drawn);
  int64_t rejects = 0;
  for (const RejectCount& count : manifest.rejects) rejects += count.rows;
  CHECK(rejects == manifest.rows.rejected + manifest.rows.not_drawn);
  CHECK(run.Column(manifest.reject_files, "rule").size() == static_cast<size_t>(rejects));
  // No row is in two places.
  Strings ids = run.Column(manifest.outputs, "__fdf__/row_id");
  const Strings rejected = run.Column(manifest.reject_files, "__fdf__/row_id");
  ids.insert(ids.end(), rejected.begin(), rejected.end());
  std::sort(ids.begin(), ids.end());
  CHECK(std::unique(ids.begin(), ids.end()) == ids.end());
  CHECK(static_cast<int64_t>(ids.size()) == manifest.rows.read);
}

TEST_CASE("of rows with equal keys the first stays, whatever their splits") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(4, 900));
  StageRun run(folder.path());
  run.steps = {{"where", "some", {{"expr", "id % 3 != 0"}}},
               {"exact_dedup", "d", {{"fields", "text"}}}};
  const Manifest manifest = run.Run().ValueOrDie();
  StageRun all(folder.path(), "all");
  all.steps = {{"where", "some", {{"expr", "id % 3 != 0"}}}};
  const Manifest plain = all.Run().ValueOrDie();
  const Strings texts = all.Column(plain.outputs, "text");
  const Strings ids = all.Column(plain.outputs, "__fdf__/row_id");
  std::map<std::string, std::string> first;
  Strings kept;
  std::map<std::string, std::string> repeats;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto [at, is_new] = first.emplace(texts[i], ids[i]);
    if (is_new) {
      kept.push_back(ids[i]);
    } else {
      repeats[ids[i]] = at->second;
    }
  }
  CHECK(run.Column(manifest.outputs, "__fdf__/row_id") == kept);
  const Strings instances = run.Column(manifest.reject_files, "instance");
  const Strings rejected = run.Column(manifest.reject_files, "__fdf__/row_id");
  const Strings thresholds = run.Column(manifest.reject_files, "threshold");
  size_t duplicates = 0;
  for (size_t i = 0; i < instances.size(); ++i) {
    if (instances[i] != "d") continue;
    ++duplicates;
    CHECK(repeats.at(rejected[i]) == thresholds[i]);
  }
  CHECK(duplicates == repeats.size());
}

TEST_CASE("shuffle keeps every row and puts them into an order of their ids") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(4, 2000));
  StageRun run(folder.path());
  run.steps = {{"where", "some", {{"expr", "id % 3 != 0"}}}, {"shuffle", "mix", {}}};
  const Manifest manifest = run.Run().ValueOrDie();
  StageRun plain(folder.path(), "plain");
  plain.steps = {{"where", "some", {{"expr", "id % 3 != 0"}}}};
  Strings ids = plain.Column(plain.Run().ValueOrDie().outputs, "__fdf__/row_id");
  const Strings shuffled = run.Column(manifest.outputs, "__fdf__/row_id");
  CHECK(shuffled != ids);
  std::sort(ids.begin(), ids.end(), [](const std::string& a, const std::string& b) {
    const auto hash = [](const std::string& id) {
      const XXH128_hash_t h = XXH3_128bits_withSeed(id.data(), id.size(), 0);
      return std::pair(h.high64, h.low64);
    };
    return hash(a) < hash(b);
  });
  CHECK(shuffled == ids);
  // The values stayed with their ids.
  const Strings by_id = run.Column(manifest.outputs, "id");
  std::map<std::string, std::string> expected;
  const Manifest before = plain.Run().ValueOrDie();
  const Strings plain_ids = plain.Column(before.outputs, "__fdf__/row_id");
  const Strings values = plain.Column(before.outputs, "id");
  for (size_t i = 0; i < values.size(); ++i) expected[plain_ids[i]] = values[i];
  for (size_t i = 0; i < by_id.size(); ++i) CHECK(expected.at(shuffled[i]) == by_id[i]);
  StageRun other(folder.path(), "other");
  other.steps = {{"where", "some", {{"expr", "id % 3 != 0"}}}, {"shuffle", "mix", {{"seed", "7"}}}};
  CHECK(other.Column(other.Run().ValueOrDie().outputs, "__fdf__/row_id") != shuffled);
}

TEST_CASE("partitions divide all keys without a gap") {
  for (const int64_t parts : {1, 2, 3, 7, 1000}) {
    CHECK(PartOfKeys(0, parts).begin == 0);
    CHECK(PartOfKeys(parts - 1, parts).end == std::numeric_limits<uint64_t>::max());
    for (int64_t part = 1; part < parts; ++part) {
      CHECK(PartOfKeys(part - 1, parts).end + 1 == PartOfKeys(part, parts).begin);
    }
  }
}

TEST_CASE("a mixture draws the rows that its schedule says, epoch after epoch") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(4, 1200));
  for (const mix::Stop stop : kStops) {
    CAPTURE(static_cast<int>(stop));
    StageRun run(folder.path(), "w" + std::to_string(static_cast<int>(stop)));
    run.steps = {};
    run.mix = [&](OperatorPlan* plan) { return MixThree(plan, stop, 3); };
    const Manifest manifest = run.Run().ValueOrDie();
    const mix::DrawOrder& schedule = *run.plan.mixture->order;
    // The ids of each input in order.
    std::vector<Strings> ids(3);
    for (size_t i = 0; i < 3; ++i) {
      for (const io::DataFile& shard : run.plan.inputs[i].shards) {
        const auto input =
            run.ingest.workspace->OpenForRead(IngestFolder(run.ingest.plan) + '/' + shard.path);
        auto reader = parquet::arrow::OpenFile(*input, arrow::default_memory_pool()).ValueOrDie();
        const auto column = reader->ReadTable().ValueOrDie()->GetColumnByName("__fdf__/row_id");
        for (int64_t row = 0; row < column->length(); ++row) {
          ids[i].push_back(column->GetScalar(row).ValueOrDie()->ToString());
        }
      }
      ids[i].resize(static_cast<size_t>(run.plan.mixture->inputs[i].available));
    }
    Strings expected;
    std::vector<size_t> drawn(3);
    std::vector<uint8_t> order(static_cast<size_t>(schedule.rows()));
    schedule.Fill(0, schedule.rows(), order.data());
    for (const uint8_t input : order) {
      const size_t at = drawn[input]++, epoch = at / ids[input].size();
      expected.push_back(ids[input][at % ids[input].size()] +
                         (epoch == 0 ? "" : "@" + std::to_string(epoch)));
    }
    CHECK(run.Column(manifest.outputs, "__fdf__/row_id") == expected);
    CHECK(manifest.rows.holds());
    CHECK(manifest.rows.written == schedule.rows());
    CHECK((manifest.rows.repeated > 0) == (stop != mix::Stop::kAllExhaustedWithoutReplacement));
    CHECK(manifest.mixture.at(1).available < manifest.mixture.at(1).rows);
    CHECK(manifest.rows.not_drawn > 0);
  }
}

TEST_CASE(
    "a mixed stage has the same bytes for any threads and memory, and drops across its splits") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(4, 1200));
  std::map<std::string, std::string> expected;
  for (const int threads : {1, 2, 8}) {
    StageRun run(folder.path(), "w" + std::to_string(threads));
    run.steps = {{"exact_dedup", "d", {{"fields", "text"}}}, {"limit", "top", {{"rows", "60"}}}};
    run.mix = [](OperatorPlan* plan) { return MixThree(plan, mix::Stop::kAllExhausted, 9); };
    run.ingest.limits = {threads, threads == 2 ? int64_t{192} << 20 : int64_t{2} << 30};
    const Manifest manifest = run.Run().ValueOrDie();
    CHECK(manifest.rows.holds());
    CHECK(manifest.rows.written == 60);
    const auto tree = run.ManifestTree();
    if (expected.empty()) expected = tree;
    CHECK(tree == expected);
  }
}

TEST_CASE("any sequence of runs of a mixture ends in the bytes of a fresh workspace") {
  const uint64_t seed = 20261129;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  TempFolder folder;
  const auto mix = [](OperatorPlan* plan) {
    return MixThree(plan, mix::Stop::kAllExhaustedWithoutReplacement, 1);
  };
  StageRun run(folder.path());
  run.mix = mix;
  for (int step = 0; step < 10; ++step) {
    folder.Write("in/f" + std::to_string(random() % 6), RandomLines(random() % 6, 150));
    if (step % 3 == 2) REQUIRE(run.Run().ok());
  }
  REQUIRE(run.Run().ok());
  StageRun fresh(folder.path(), "fresh");
  fresh.mix = mix;
  REQUIRE(fresh.Run().ok());
  CHECK(run.ManifestTree() == fresh.ManifestTree());
}

TEST_CASE("a stage has the same bytes for any threads, memory, folder and batches") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(7, 3000));
  std::map<std::string, std::string> expected;
  for (const int threads : {1, 2, 4, 8}) {
    for (const int64_t memory : {int64_t{192} << 20, int64_t{2} << 30}) {
      StageRun run(folder.path(), "w" + std::to_string(threads) + std::to_string(memory));
      run.ingest.limits = {threads, memory};
      REQUIRE(run.Run().ok());
      const auto tree = run.ManifestTree();
      if (expected.empty()) expected = tree;
      CHECK(tree == expected);
    }
  }
}

TEST_CASE("a stage that is run again does nothing, and mends what is missing") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(8, 500));
  StageRun run(folder.path());
  const Manifest manifest = run.Run().ValueOrDie();
  const auto tree = run.ManifestTree();
  Progress progress;
  run.ingest.progress = &progress;
  REQUIRE(run.Run().ok());
  CHECK(progress.splits_skipped == progress.splits_total);
  REQUIRE(run.ingest.workspace->Remove(OperatorFolder(run.plan) + '/' + manifest.outputs.at(0).path)
              .ok());
  Progress again;
  run.ingest.progress = &again;
  REQUIRE(run.Run().ok());
  CHECK(again.splits_skipped == again.splits_total - 1);
  CHECK(run.ManifestTree() == tree);
}

TEST_CASE("any sequence of runs over a changing folder ends in the bytes of a fresh workspace") {
  const uint64_t seed = 20261128;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 8; ++round) {
    TempFolder folder;
    StageRun run(folder.path());
    run.ingest.in_place = round % 2 == 1;
    for (int step = 0; step < 12; ++step) {
      ChangeSomeFile(folder, 50, &random);
      if (step % 3 == 2) REQUIRE(run.Run().ok());
    }
    StageRun fresh(folder.path(), "fresh");
    fresh.ingest.in_place = run.ingest.in_place;
    REQUIRE(fresh.Run().ok());
    CHECK(run.ManifestTree() == fresh.ManifestTree());
  }
}

TEST_CASE("a new file leaves the splits before it alone") {
  TempFolder folder;
  for (int i = 0; i < 6; ++i) {
    folder.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i), 300));
  }
  StageRun run(folder.path());
  run.split_bytes = 1;  // a split for each shard
  run.steps = {{"exact_dedup", "d", {{"fields", "id"}}}};
  REQUIRE(run.Run().ok());
  folder.Write("in/g", RandomLines(99, 300));
  Progress progress;
  run.ingest.progress = &progress;
  REQUIRE(run.Run().ok());
  CHECK(progress.splits_total - progress.splits_skipped < 6);
  CHECK(progress.splits_skipped > 10);
}

TEST_CASE("a crash of a stage at every operation, whole or torn, is made good by running again") {
  TempFolder inputs;
  for (int i = 0; i < 3; ++i) {
    inputs.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i % 2), 12));
  }
  for (const bool tear : {false, true}) {
    TempFolder fresh_folder;
    StageRun fresh(inputs.path());
    fresh.split_bytes = 1;
    fresh.ingest.workspace = io::MakeLocalStore(fresh_folder.path(), true);
    REQUIRE(fresh.Run().ok());
    const auto expected = fresh.ManifestTree();
    for (int k = 1;; ++k) {
      CAPTURE(k);
      CAPTURE(tear);
      TempFolder folder;
      StageRun run(inputs.path());
      run.split_bytes = 1;
      if (!IsMadeGood(run, folder.path(), k, tear, expected, 20)) break;
    }
  }
}

TEST_CASE("a damaged shard of the input ends a stage by name") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(8, 200));
  StageRun run(folder.path());
  run.steps = {{"where", "w", {{"expr", "id > 0"}}}};
  const Manifest before = run.ingest.Run().ValueOrDie().at(0);
  const std::string key = IngestFolder(run.ingest.plan) + '/' + before.outputs.at(0).path;
  std::string bytes = run.ingest.workspace->ReadSmall(key).ValueOrDie();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  for (size_t i = 4; i < bytes.size() - 8; ++i) bytes[i] = static_cast<char>(bytes[i] ^ 0x11);
  REQUIRE(run.ingest.workspace->Replace(key, bytes).ok());
  const auto result = run.Run();
  REQUIRE_FALSE(result.ok());
  CHECK(CodeOf(result.status()) == ErrorCode::kWorkspaceDamaged);
  CHECK(result.status().message().find(before.outputs.at(0).path) != std::string::npos);
}

TEST_CASE("a memory limit that is too small for a stage is refused with the remedy") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(8, 20));
  StageRun run(folder.path());
  REQUIRE(run.Run().ok());
  run.ingest.limits.memory_bytes = int64_t{140} << 20;
  const auto result = run.Run();
  REQUIRE_FALSE(result.ok());
  CHECK(CodeOf(result.status()) == ErrorCode::kMemoryLimit);
}

}  // namespace
}  // namespace millrace::stage
