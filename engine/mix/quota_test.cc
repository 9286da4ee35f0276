#include "mix/quota.h"

#include <doctest/doctest.h>

#include <numeric>
#include <random>

namespace millrace::mix {
namespace {

using Counts = std::vector<int64_t>;

TEST_CASE("a total is divided by weights, the largest remainders first") {
  CHECK(DivideByWeight(10, {6, 4}) == Counts{6, 4});
  CHECK(DivideByWeight(10, {1, 1, 1}) == Counts{4, 3, 3});
  CHECK(DivideByWeight(2, {1, 1, 3}) == Counts{1, 0, 1});
  CHECK(DivideByWeight(7, {0, 1}) == Counts{0, 7});
  CHECK(DivideByWeight(0, {0, 0}) == Counts{0, 0});
  const int64_t most = int64_t{1} << 62;
  CHECK(DivideByWeight(most, {1'000'000'000'000, 1'000'000'000'000}) == Counts{most / 2, most / 2});
}

TEST_CASE("a total shrinks to where the shares hold") {
  CHECK(DrawQuota({{6, 100}, {4, 100}}, 50, WhenShort::kShrink) == Counts{30, 20});
  CHECK(DrawQuota({{6, 9}, {4, 100}}, 50, WhenShort::kShrink) == Counts{9, 6});
  CHECK(DrawQuota({{6, 100}, {4, 100}}, -1, WhenShort::kShrink) == Counts{100, 66});
  CHECK(DrawQuota({{6, 0}, {4, 100}}, -1, WhenShort::kShrink) == Counts{0, 0});
  CHECK(DrawQuota({{0, 7}, {4, 100}}, -1, WhenShort::kShrink) == Counts{0, 100});
}

TEST_CASE("a total is filled from the buckets that have more") {
  CHECK(DrawQuota({{6, 9}, {4, 100}}, 50, WhenShort::kFill) == Counts{9, 41});
  CHECK(DrawQuota({{6, 9}, {3, 100}, {1, 100}}, 49, WhenShort::kFill) == Counts{9, 30, 10});
  CHECK(DrawQuota({{6, 9}, {3, 5}, {1, 2}}, 49, WhenShort::kFill) == Counts{9, 5, 2});
  CHECK(DrawQuota({{0, 9}, {3, 5}}, 49, WhenShort::kFill) == Counts{0, 5});
}

TEST_CASE("whatever the buckets, no more is drawn than there is or was asked for") {
  const uint64_t seed = 20261129;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<Bucket> buckets(1 + random() % 5);
    int64_t weights = 0, there = 0;
    for (Bucket& bucket : buckets) {
      bucket = {static_cast<int64_t>(random() % 5), static_cast<int64_t>(random() % 30)};
      weights += bucket.weight;
      if (bucket.weight > 0) there += bucket.rows;
    }
    const auto asked = static_cast<int64_t>(random() % 60);
    for (const WhenShort when : {WhenShort::kShrink, WhenShort::kFill}) {
      const Counts rows = DrawQuota(buckets, asked, when);
      const int64_t total = std::accumulate(rows.begin(), rows.end(), int64_t{0});
      CHECK(total <= asked);
      for (size_t i = 0; i < buckets.size(); ++i) {
        CHECK(rows[i] >= 0);
        CHECK(rows[i] <= buckets[i].rows);
        if (buckets[i].weight == 0) CHECK(rows[i] == 0);
        if (when == WhenShort::kShrink && weights > 0) {  // within a row of the share
          CHECK(std::abs(rows[i] * weights - total * buckets[i].weight) < weights);
        }
      }
      if (when == WhenShort::kFill) CHECK(total == std::min(asked, there));
    }
  }
}

}  // namespace
}  // namespace millrace::mix
