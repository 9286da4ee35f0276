// Rows that are nearly equal: held against every kept row compared with every other one.
#include <doctest/doctest.h>

#include <bit>
#include <filesystem>
#include <random>

#include "op/operator_list.h"
#include "stage/operators/near_index.h"
#include "stage/testing/stage_fixture.h"

namespace millrace::stage {
namespace {

constexpr const char* kRowId = "__fdf__/row_id";

// Neighbouring numbers have hashes that differ in a few bits.
uint64_t HashOf(int64_t id) {
  const auto number = static_cast<uint64_t>(id);
  uint64_t hash = (number / 16 + 1) * 0x9E3779B97F4A7C15ULL;
  for (uint64_t bit = 0; bit < 4; ++bit) {
    if ((number >> bit & 1) != 0) hash ^= 3ULL << (13 * bit + number / 16 % 7);
  }
  return hash;
}

/// By the number of a row; a number that 11 divides is like nothing.
class ByNumber : public op::NearFilter {
 public:
  explicit ByNumber(int distance)
      : NearFilter({"id"}, distance, {"near.duplicate", "id", "", "an earlier row is near"}) {}
  Result<std::vector<std::optional<uint64_t>>> HashesOf(
      const arrow::RecordBatch& rows) const override {
    const auto& ids = static_cast<const arrow::Int64Array&>(*rows.GetColumnByName("id"));
    std::vector<std::optional<uint64_t>> hashes;
    for (int64_t row = 0; row < ids.length(); ++row) {
      const bool none = ids.IsNull(row) || ids.Value(row) % 11 == 0;
      hashes.push_back(none ? std::nullopt : std::optional<uint64_t>(HashOf(ids.Value(row))));
    }
    return hashes;
  }
};

struct NearRun : StageRun {
  NearRun(const std::string& folder, const std::string& name, int distance, int64_t kept_bytes = 0)
      : StageRun(folder, name) {
    steps = {{"where", "some", {{"expr", "id % 5 != 0"}}}};
    split_bytes = 1;
    mix = [distance, kept_bytes](OperatorPlan* plan) {
      std::vector<op::Instance> instances = plan->chain->instances();
      op::Instance& near = instances.emplace_back();
      near.id = "near";
      near.type = op::FindOperator("image_dedup");
      near.op = std::make_shared<ByNumber>(distance);
      near.common.rejects = op::RejectDetail::kKeys;
      plan->instance_json.push_back(std::to_string(distance));
      plan->near_kept_bytes = kept_bytes;
      return op::Chain::Make(plan->chain->input(), std::move(instances)).Value(&plan->chain);
    };
  }
};

struct Decided {
  Strings kept, thresholds, values;
};

/// What is to come of the rows, as they are without the filter.
Decided Expected(const std::string& folder, int distance) {
  StageRun all(folder, "all" + std::to_string(distance));
  all.steps = {{"where", "some", {{"expr", "id % 5 != 0"}}}};
  const Manifest manifest = all.Run().ValueOrDie();
  const Strings ids = all.Column(manifest.outputs, "id");
  const Strings names = all.Column(manifest.outputs, kRowId);
  Decided decided;
  std::vector<std::pair<uint64_t, std::string>> kept;
  for (size_t i = 0; i < ids.size(); ++i) {
    const bool none = ids[i] == "null" || std::stoll(ids[i]) % 11 == 0;
    const uint64_t hash = none ? 0 : HashOf(std::stoll(ids[i]));
    const auto first = std::find_if(kept.begin(), kept.end(), [&](const auto& one) {
      return std::popcount(one.first ^ hash) <= distance;
    });
    if (!none && first != kept.end()) {
      decided.thresholds.push_back(first->second);
      decided.values.push_back(std::to_string(std::popcount(first->first ^ hash)));
      continue;
    }
    if (!none) kept.emplace_back(hash, names[i]);
    decided.kept.push_back(names[i]);
  }
  return decided;
}

/// Of the rejects of the near instance alone.
Strings OfNear(const NearRun& run, const Manifest& manifest, const std::string& column) {
  const Strings instances = run.Column(manifest.reject_files, "instance");
  const Strings values = run.Column(manifest.reject_files, column);
  Strings own;
  for (size_t i = 0; i < values.size(); ++i) {
    if (instances[i] == "near") own.push_back(values[i]);
  }
  return own;
}

}  // namespace

TEST_CASE("the first hash within a distance is found as by comparing with all") {
  const uint64_t seed = 20261129;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const int distance : {0, 1, 3, 4, 7, 16}) {
    CAPTURE(distance);
    NearIndex index(distance, 1 << 16);
    std::vector<uint64_t> kept;
    int found = 0;
    for (int i = 0; i < 3000; ++i) {
      uint64_t hash = random();
      if (!kept.empty() && random() % 4 != 0) {
        hash = kept[random() % kept.size()];
        for (uint64_t flips = random() % (static_cast<uint64_t>(distance) + 3); flips > 0;
             --flips) {
          hash ^= 1ULL << (random() % 64);
        }
      }
      const auto first = std::find_if(kept.begin(), kept.end(), [&](uint64_t one) {
        return std::popcount(one ^ hash) <= distance;
      });
      const auto match = index.First(hash);
      REQUIRE(match.has_value() == (first != kept.end()));
      if (match) {
        REQUIRE(static_cast<std::ptrdiff_t>(match->at) == first - kept.begin());
        REQUIRE(match->distance == std::popcount(*first ^ hash));
        ++found;
      }
      if (index.full()) continue;
      index.Keep(hash);  // near ones too: the first of several must be found
      kept.push_back(hash);
    }
    CHECK(found > 500);
  }
  NearIndex one(0, 1);
  one.Keep(7);
  CHECK(one.full());
}

TEST_CASE("of rows that are near the first kept one stays, however they are split and held") {
  TempFolder folder;
  WriteInputs(folder, RandomLines(5, 1500));
  for (const int distance : {0, 2, 4, 8}) {
    CAPTURE(distance);
    const Decided expected = Expected(folder.path(), distance);
    CHECK(expected.thresholds.size() > 50);
    std::map<std::string, std::string> tree;
    for (const int threads : {1, 4}) {
      for (const int64_t kept_bytes : {int64_t{0}, int64_t{2000}}) {
        NearRun run(folder.path(),
                    "w" + std::to_string(distance) + std::to_string(threads + kept_bytes), distance,
                    kept_bytes);
        run.ingest.limits.threads = threads;
        const Manifest manifest = run.Run().ValueOrDie();
        CHECK(manifest.rows.holds());
        CHECK(run.Column(manifest.outputs, kRowId) == expected.kept);
        CHECK(OfNear(run, manifest, "threshold") == expected.thresholds);
        CHECK(OfNear(run, manifest, "value") == expected.values);
        if (tree.empty()) tree = run.ManifestTree();
        CHECK(run.ManifestTree() == tree);
      }
    }
    NearRun whole(folder.path(), "one split" + std::to_string(distance), distance);
    whole.split_bytes = 1 << 30;
    CHECK(whole.Column(whole.Run().ValueOrDie().outputs, kRowId) == expected.kept);
  }
}

TEST_CASE("any sequence of runs over near rows ends in the bytes of a fresh workspace") {
  const uint64_t seed = 20261129;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  TempFolder folder;
  NearRun run(folder.path(), "workspace", 4);
  for (int step = 0; step < 12; ++step) {
    ChangeSomeFile(folder, 80, &random);
    if (step % 3 == 2) REQUIRE(run.Run().ok());
  }
  NearRun fresh(folder.path(), "fresh", 4);
  REQUIRE(fresh.Run().ok());
  CHECK(run.ManifestTree() == fresh.ManifestTree());
}

TEST_CASE("a crash of a stage with near rows at every operation is made good by running again") {
  TempFolder inputs;
  inputs.Write("in/a", RandomLines(1, 25));
  inputs.Write("in/b", RandomLines(1, 30));
  NearRun fresh(inputs.path(), "fresh", 4, 300);
  REQUIRE(fresh.Run().ok());
  const auto expected = fresh.ManifestTree();
  for (const bool tear : {false, true}) {
    for (int k = 1;; ++k) {
      CAPTURE(k);
      CAPTURE(tear);
      TempFolder folder;
      NearRun run(inputs.path(), "workspace", 4, 300);
      if (!IsMadeGood(run, folder.path(), k, tear, expected, 20)) break;
    }
  }
}

}  // namespace millrace::stage
