#include "mix/schedule.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <random>

namespace millrace::mix {
namespace {

std::vector<int> Drawn(const Schedule& schedule) {
  std::vector<uint8_t> inputs(static_cast<size_t>(schedule.rows()));
  schedule.Fill(0, schedule.rows(), inputs.data());
  return {inputs.begin(), inputs.end()};
}

TEST_CASE("every block has the shares that are asked for, within a row, and the sum too") {
  const std::vector<int64_t> weights = {700'000, 299'000, 1'000};
  const Schedule schedule =
      Schedule::Make({{weights[0], 1 << 20}, {weights[1], 1 << 20}, {weights[2], 1 << 20}},
                     Stop::kFirstExhausted, {}, 7)
          .ValueOrDie();
  const std::vector<int> drawn = Drawn(schedule);
  REQUIRE(drawn.size() > 1'000'000);
  std::vector<int64_t> sums(3);
  for (size_t begin = 0; begin + kBlockRows <= drawn.size(); begin += kBlockRows) {
    std::vector<int64_t> block(3);
    for (size_t i = begin; i < begin + kBlockRows; ++i) ++block[static_cast<size_t>(drawn[i])];
    for (size_t i = 0; i < 3; ++i) {
      sums[i] += block[i];
      const double share = static_cast<double>(weights[i]) / 1e6;
      CHECK(std::abs(static_cast<double>(block[i]) - share * kBlockRows) < 1.5);
      const auto whole = static_cast<double>(begin + kBlockRows);
      CHECK(std::abs(static_cast<double>(sums[i]) - share * whole) <
            1.0 + whole / (kBlockRows * kBlocksPerCycle));
    }
  }
}

TEST_CASE("any position can be asked for by itself") {
  const uint64_t seed = 20261128;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const Stop stop :
       {Stop::kFirstExhausted, Stop::kAllExhausted, Stop::kAllExhaustedWithoutReplacement}) {
    const Schedule schedule =
        Schedule::Make({{300'000, 40'000, 2}, {650'000, 90'000, 3}, {50'000, 5'000, kUnlimited}},
                       stop, {{50'000, {100'000, 800'000, 100'000}}}, seed)
            .ValueOrDie();
    const std::vector<int> drawn = Drawn(schedule);
    std::vector<std::vector<int64_t>> before(3, {0});
    for (const int input : drawn) {
      for (size_t i = 0; i < 3; ++i) {
        before[i].push_back(before[i].back() + (input == static_cast<int>(i)));
      }
    }
    for (int round = 0; round < 300; ++round) {
      const auto at = static_cast<int64_t>(random() % drawn.size());
      const int64_t count =
          std::min<int64_t>(static_cast<int64_t>(random() % 3000), schedule.rows() - at);
      std::vector<uint8_t> part(static_cast<size_t>(count));
      schedule.Fill(at, count, part.data());
      for (int64_t i = 0; i < count; ++i) {
        REQUIRE(part[static_cast<size_t>(i)] == drawn[static_cast<size_t>(at + i)]);
      }
      for (size_t i = 0; i < 3; ++i) {
        CHECK(schedule.DrawnBefore(i, at) == before[i][static_cast<size_t>(at)]);
      }
    }
    for (size_t i = 0; i < 3; ++i) {
      CHECK(schedule.DrawnBefore(i, schedule.rows()) == before[i].back());
    }
  }
}

TEST_CASE("first_exhausted ends when a row is due that is not there") {
  const Schedule schedule =
      Schedule::Make({{500'000, 1'000}, {500'000, 100'000}}, Stop::kFirstExhausted, {}, 1)
          .ValueOrDie();
  CHECK(schedule.DrawnBefore(0, schedule.rows()) == 1'000);
  CHECK(std::abs(static_cast<double>(schedule.rows()) - 2'000) < 50);
  const Schedule twice =
      Schedule::Make({{500'000, 1'000, 2}, {500'000, 100'000}}, Stop::kFirstExhausted, {}, 1)
          .ValueOrDie();
  CHECK(twice.DrawnBefore(0, twice.rows()) == 2'000);
}

TEST_CASE("all_exhausted repeats the small until the large is through, as often as it may") {
  const Schedule schedule =
      Schedule::Make({{500'000, 100, kUnlimited}, {500'000, 5'000, kUnlimited}},
                     Stop::kAllExhausted, {}, 1)
          .ValueOrDie();
  CHECK(schedule.DrawnBefore(1, schedule.rows()) == 5'000);
  CHECK(schedule.DrawnBefore(0, schedule.rows()) > 4'900);
  const Schedule bounded =
      Schedule::Make({{500'000, 100, 3}, {500'000, 5'000, kUnlimited}}, Stop::kAllExhausted, {}, 1)
          .ValueOrDie();
  CHECK(bounded.DrawnBefore(0, bounded.rows()) == 300);
  CHECK(bounded.DrawnBefore(1, bounded.rows()) == 5'000);
}

TEST_CASE("without replacement every row is drawn once, and weights are shared by who is left") {
  const Schedule schedule = Schedule::Make({{500'000, 1'000}, {300'000, 90'000}, {200'000, 90'000}},
                                           Stop::kAllExhaustedWithoutReplacement, {}, 1)
                                .ValueOrDie();
  CHECK(schedule.rows() == 181'000);
  CHECK(schedule.DrawnBefore(0, schedule.rows()) == 1'000);
  CHECK(schedule.DrawnBefore(1, schedule.rows()) == 90'000);
  // Behind the end of the first the others stand 3 to 2.
  const int64_t from = 10'000, to = 100'000;
  const int64_t second = schedule.DrawnBefore(1, to) - schedule.DrawnBefore(1, from);
  CHECK(std::abs(static_cast<double>(second) - 54'000) < 40);
}

TEST_CASE("a curriculum changes the weights where it says") {
  const Schedule schedule =
      Schedule::Make({{900'000, 1 << 20}, {100'000, 1 << 20}}, Stop::kFirstExhausted,
                     {{100'000, {500'000, 500'000}}, {200'000, {0, 1'000'000}}}, 3)
          .ValueOrDie();
  const auto between = [&](size_t input, int64_t begin, int64_t end) {
    return schedule.DrawnBefore(input, end) - schedule.DrawnBefore(input, begin);
  };
  CHECK(std::abs(static_cast<double>(between(0, 0, 100'000)) - 90'000) < 30);
  CHECK(std::abs(static_cast<double>(between(0, 100'000, 200'000)) - 50'000) < 30);
  CHECK(between(0, 200'000, 300'000) == 0);
}

TEST_CASE("inside a block the order is random, and another for another seed") {
  const auto make = [](uint64_t seed) {
    return Drawn(
        Schedule::Make({{500'000, 100'000}, {500'000, 100'000}}, Stop::kFirstExhausted, {}, seed)
            .ValueOrDie());
  };
  const auto one = make(1), other = make(2);
  CHECK(one != other);
  CHECK(one == make(1));
  // Runs are as long as those of a coin.
  std::map<int, int> runs;
  for (size_t i = 0; i < 100'000;) {
    size_t end = i;
    while (end < 100'000 && one[end] == one[i]) ++end;
    ++runs[static_cast<int>(std::min<size_t>(end - i, 5))];
    i = end;
  }
  CHECK(std::abs(runs[1] - 25'000) < 1'500);
  CHECK(std::abs(runs[2] - 12'500) < 1'000);
}

TEST_CASE("inputs without rows, and weights of nothing") {
  const Schedule empty =
      Schedule::Make({{500'000, 0}, {500'000, 0}}, Stop::kAllExhaustedWithoutReplacement, {}, 1)
          .ValueOrDie();
  CHECK(empty.rows() == 0);
  const Schedule one =
      Schedule::Make({{500'000, 0}, {500'000, 10}}, Stop::kAllExhaustedWithoutReplacement, {}, 1)
          .ValueOrDie();
  CHECK(one.rows() == 10);
  CHECK_FALSE(Schedule::Make({{0, 5}}, Stop::kFirstExhausted, {}, 1).ok());
}

}  // namespace
}  // namespace millrace::mix
