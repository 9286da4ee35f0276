#include "stage/operators/quota_phase.h"

#include <doctest/doctest.h>
#include <xxhash.h>

#include <cmath>
#include <numeric>

#include "stage/operators/quota_cuts.h"
#include "stage/testing/stage_fixture.h"

namespace millrace::stage {
namespace {

using op::testing::Parameters;

const Parameters kHalves = {{"buckets", "long: length(text) > 9, rest: id % 5 != 0"},
                            {"quota", "long: 0.6, rest: 0.4"}};

op::testing::Step OutputMixture(Parameters more = {}, Parameters parameters = kHalves) {
  parameters.insert(parameters.end(), more.begin(), more.end());
  return {op::kOutputMixture, op::kOutputMixture, parameters};
}

StageRun RunOf(const TempFolder& folder, const op::testing::Step& step,
               const std::string& name = "workspace") {
  StageRun run(folder.path(), name);
  run.steps = {
      {"text_stats", "s", {{"field", "text"}}}, {"where", "some", {{"expr", "id % 3 != 0"}}}, step};
  return run;
}

uint64_t HashOf(const std::string& id, uint64_t pipeline_seed) {
  const uint64_t seed = XXH3_64bits_withSeed("output_mixture", 14, pipeline_seed);
  return XXH3_64bits_withSeed(id.data(), id.size(), seed);
}

/// Rows as they reach the output mixture: id and bucket ("long", "rest", "").
struct Row {
  std::string id, bucket;
};
std::vector<Row> RowsBefore(const TempFolder& folder) {
  StageRun plain = RunOf(folder, {}, "plain");
  plain.steps.pop_back();
  const Manifest manifest = plain.Run().ValueOrDie();
  const Strings ids = plain.Column(manifest.outputs, "__fdf__/row_id");
  const Strings texts = plain.Column(manifest.outputs, "text");
  const Strings numbers = plain.Column(manifest.outputs, "id");
  std::vector<Row> rows;
  for (size_t i = 0; i < ids.size(); ++i) {
    const bool is_long = texts[i] != "null" && texts[i].size() > 9;
    rows.push_back({ids[i], is_long ? "long" : std::stoll(numbers[i]) % 5 != 0 ? "rest" : ""});
  }
  return rows;
}

/// The `counts` smallest of each bucket, in the order they came in.
Strings Expected(const std::vector<Row>& rows, std::map<std::string, int64_t> counts) {
  std::map<std::string, std::vector<std::pair<uint64_t, size_t>>> by_hash;
  for (size_t i = 0; i < rows.size(); ++i) {
    by_hash[rows[i].bucket].emplace_back(HashOf(rows[i].id, 0), i);
  }
  std::vector<size_t> drawn;
  for (auto& bucket : by_hash) {
    std::sort(bucket.second.begin(), bucket.second.end());
    for (int64_t i = 0; i < counts[bucket.first]; ++i) {
      drawn.push_back(bucket.second[static_cast<size_t>(i)].second);
    }
  }
  std::sort(drawn.begin(), drawn.end());
  Strings ids;
  for (const size_t at : drawn) ids.push_back(rows[at].id);
  return ids;
}

TEST_CASE("of each bucket the rows with the smallest hashes are drawn, in their order") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(3, 1500));
  const std::vector<Row> rows = RowsBefore(folder);
  std::map<std::string, int64_t> there;
  for (const Row& row : rows) ++there[row.bucket];
  REQUIRE(there["long"] > 150);
  REQUIRE(there["rest"] > 300);
  REQUIRE(there[""] > 0);
  const int64_t most = std::min(there["long"] * 10 / 6, there["rest"] * 10 / 4);
  for (const int64_t asked : {int64_t{0}, int64_t{1}, int64_t{100}, most, most + 1000}) {
    CAPTURE(asked);
    StageRun run = RunOf(folder, OutputMixture({{"rows", std::to_string(asked)}}),
                         "w" + std::to_string(asked));
    run.split_bytes = 1;
    const Manifest manifest = run.Run().ValueOrDie();
    const int64_t total = std::min(asked, most);
    const auto of_long = static_cast<int64_t>(std::lround(static_cast<double>(total) * 0.6));
    CHECK(run.Column(manifest.outputs, "__fdf__/row_id") ==
          Expected(rows, {{"long", of_long}, {"rest", total - of_long}}));
    CHECK(manifest.rows.holds());
    CHECK(manifest.rows.not_drawn == static_cast<int64_t>(rows.size()) - total);
    REQUIRE(manifest.buckets.size() == 2);
    CHECK(manifest.buckets[0].available == there["long"]);
    CHECK(manifest.buckets[0].asked == of_long);
    CHECK(manifest.buckets[0].drawn.rows == of_long);
    CHECK(manifest.buckets[1].drawn.rows == total - of_long);
    CHECK(manifest.buckets[1].quota == 0.4);
    // Why each of the others was left out.
    const Strings rules = run.Column(manifest.reject_files, "rule");
    const Strings buckets = run.Column(manifest.reject_files, "threshold");
    std::map<std::string, int64_t> left;
    for (size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].rfind("output_mixture.", 0) == 0) ++left[rules[i] + ' ' + buckets[i]];
    }
    CHECK(left["output_mixture.no_bucket null"] == there[""]);
    CHECK(left["output_mixture.not_drawn long"] == there["long"] - of_long);
    CHECK(left["output_mixture.not_drawn rest"] == there["rest"] - (total - of_long));
  }
}

TEST_CASE("what a bucket is short of is filled by the others, if that is asked for") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(3, 400));
  const std::vector<Row> rows = RowsBefore(folder);
  std::map<std::string, int64_t> there;
  for (const Row& row : rows) ++there[row.bucket];
  const int64_t asked = there["long"] + there["rest"] - 10;
  StageRun run =
      RunOf(folder, OutputMixture({{"rows", std::to_string(asked)}, {"when_short", "fill"}},
                                  {kHalves[0], {"quota", "long: 0.9, rest: 0.1"}}));
  const Manifest manifest = run.Run().ValueOrDie();
  CHECK(manifest.rows.written == asked);
  CHECK(manifest.buckets[0].drawn.rows == there["long"]);
  CHECK(manifest.buckets[1].drawn.rows == there["rest"] - 10);
}

TEST_CASE("an approximate quota is met about, and each row is drawn by itself") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(3, 3000));
  const std::vector<Row> rows = RowsBefore(folder);
  StageRun run = RunOf(folder, OutputMixture({{"rows", "800"}, {"precision", "approximate"}}));
  const Manifest manifest = run.Run().ValueOrDie();
  CHECK(manifest.rows.holds());
  for (const DrawnBucket& bucket : manifest.buckets) {
    const auto asked = static_cast<double>(bucket.asked);
    CHECK(std::abs(static_cast<double>(bucket.drawn.rows) - asked) < 5 * std::sqrt(asked));
  }
  // The smallest hashes, too: only their number is left to chance.
  CHECK(run.Column(manifest.outputs, "__fdf__/row_id") ==
        Expected(rows, {{"long", manifest.buckets[0].drawn.rows},
                        {"rest", manifest.buckets[1].drawn.rows}}));
}

TEST_CASE("a row that a bucket's expression fails on is left out, and the rule says why") {
  TempFolder folder;
  folder.Write("in/f", "1,7\n2,x\n3,9\n4,y\n");
  StageRun run(folder.path());
  run.steps = {
      {op::kOutputMixture,
       op::kOutputMixture,
       {{"buckets", "small: id < 2, rest: int64(text) > 0"}, {"quota", "small: 1, rest: 1"}}}};
  const Manifest manifest = run.Run().ValueOrDie();
  CHECK(manifest.rows.holds());
  CHECK(run.Column(manifest.outputs, "id") == Strings{"1", "3"});
  CHECK(run.Column(manifest.reject_files, "rule") == Strings{"expr.cast", "expr.cast"});
  CHECK(manifest.rows.not_drawn == 2);
}

TEST_CASE("a drawn bucket tells its bytes and tokens") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(3, 900));
  StageRun run = RunOf(folder, OutputMixture({{"rows", "200"}}));
  run.steps[0] = {"token_count", "t", {{"field", "text"}}};
  const Manifest manifest = run.Run().ValueOrDie();
  CHECK(manifest.bucket_tokens == "t.tokens");
  Amount all;
  for (const DrawnBucket& bucket : manifest.buckets) all.Add(bucket.drawn);
  int64_t bytes = 0;
  for (const std::string& text : run.Column(manifest.outputs, "text")) {
    bytes += 4 + (text == "null" ? 0 : static_cast<int64_t>(text.size())) + 8;
  }
  CHECK(all.rows == 200);
  CHECK(all.bytes == bytes);
  CHECK(all.tokens > 200);
  CHECK(ManifestFromJson(ManifestToJson(manifest), "").ValueOrDie().buckets[1].drawn.tokens ==
        manifest.buckets[1].drawn.tokens);
}

TEST_CASE("an output mixture has the same bytes for any threads and memory, ordered or not") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(7, 2500));
  for (const bool shuffles : {false, true}) {
    std::map<std::string, std::string> expected;
    for (const int threads : {1, 2, 4, 8}) {
      StageRun run = RunOf(folder, OutputMixture({{"rows", "500"}}),
                           "w" + std::to_string(threads) + (shuffles ? "s" : ""));
      run.steps.insert(run.steps.begin() + 1, {"exact_dedup", "d", {{"fields", "text, id"}}});
      if (shuffles) run.steps.push_back({"shuffle", "order", {}});
      run.ingest.limits = {threads, threads == 2 ? int64_t{192} << 20 : int64_t{2} << 30};
      const Manifest manifest = run.Run().ValueOrDie();
      CHECK(manifest.rows.written == 500);
      const auto tree = run.ManifestTree();
      if (expected.empty()) expected = tree;
      CHECK(tree == expected);
    }
  }
}

TEST_CASE("any sequence of runs of an output mixture ends in the bytes of a fresh workspace") {
  const uint64_t seed = 20261129;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const char* precision : {"exact", "approximate"}) {
    TempFolder folder;
    const auto step = OutputMixture({{"rows", "150"}, {"precision", precision}});
    StageRun run = RunOf(folder, step);
    for (int i = 0; i < 12; ++i) {
      ChangeSomeFile(folder, 50, &random);
      if (i % 3 == 2) REQUIRE(run.Run().ok());
    }
    StageRun fresh = RunOf(folder, step, "fresh");
    REQUIRE(fresh.Run().ok());
    CHECK(run.ManifestTree() == fresh.ManifestTree());
  }
}

TEST_CASE("a crash of an output mixture at every operation is made good by running again") {
  TempFolder inputs;
  for (int i = 0; i < 3; ++i) {
    inputs.Write("in/f" + std::to_string(i), RandomLines(static_cast<uint64_t>(i), 30));
  }
  const auto step = OutputMixture({{"rows", "20"}});
  StageRun fresh = RunOf(inputs, step, "fresh");
  fresh.split_bytes = 1;
  REQUIRE(fresh.Run().ok());
  const auto expected = fresh.ManifestTree();
  for (const bool tear : {false, true}) {
    for (int k = 1;; ++k) {
      CAPTURE(k);
      CAPTURE(tear);
      TempFolder folder;
      StageRun run = RunOf(inputs, step);
      run.split_bytes = 1;
      if (!IsMadeGood(run, folder.path(), k, tear, expected, 20)) break;
    }
  }
}

TEST_CASE("the cuts of buckets are found in passes, whatever their hashes") {
  const uint64_t seed = 20261129;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    constexpr size_t kBuckets = 3, kSplits = 4;
    // Hashes far apart, close together, or the same few again and again.
    const uint64_t spread = std::vector<uint64_t>{~uint64_t{0}, 5000, 3}[random() % 3];
    struct Entry {
      size_t split;
      Key key;
    };
    std::vector<Entry> entries;
    std::vector<int64_t> reached(kBuckets), wanted(kBuckets);
    for (size_t split = 0; split < kSplits; ++split) {
      const uint64_t rows = random() % 60;
      for (uint64_t row = 0; row < rows; ++row) {
        const uint64_t bucket = random() % kBuckets;
        entries.push_back({split, {{bucket, random() % spread}, static_cast<int64_t>(row)}});
        ++reached[bucket];
      }
    }
    for (size_t b = 0; b < kBuckets; ++b) {
      wanted[b] = static_cast<int64_t>(random() % static_cast<uint64_t>(reached[b] + 1));
    }
    const QuotaCuts cuts = FindQuotaCuts(reached, wanted, kSplits, 4, [&](const KeySink& sink) {
                             for (const Entry& entry : entries) sink(entry.split, entry.key);
                             return Status::OK();
                           }).ValueOrDie();
    std::vector<int64_t> drawn(kSplits * kBuckets), of_bucket(kBuckets);
    for (const Entry& entry : entries) {
      const size_t bucket = entry.key.digest.high;
      const op::QuotaCut cut = cuts.Of(entry.split, bucket);
      const uint64_t hash = entry.key.digest.low;
      if (hash < cut.hash || (hash == cut.hash && entry.key.position < cut.position)) {
        ++drawn[entry.split * kBuckets + bucket];
        ++of_bucket[bucket];
      }
    }
    CHECK(of_bucket == wanted);
    CHECK(drawn == cuts.drawn);
  }
}

}  // namespace
}  // namespace millrace::stage
