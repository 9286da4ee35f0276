#include "mix/unit_order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace millrace::mix {
namespace {

/// Inputs whose rows have units, and the order of a mixture of them.
struct Rows {
  std::vector<std::vector<int64_t>> units;  // of each row, per input

  int64_t Total(size_t input) const {
    return std::accumulate(units[input].begin(), units[input].end(), int64_t{0});
  }
  // Row by row: the slow way.
  int64_t Before(size_t input, int64_t wanted) const {
    const int64_t total = Total(input);
    int64_t rows = wanted / total * static_cast<int64_t>(units[input].size());
    int64_t sum = 0;
    for (size_t row = 0; sum < wanted % total; ++row, ++rows) sum += units[input][row];
    return rows;
  }
  Schedule Units(Stop stop, int64_t epochs, const std::vector<int64_t>& weights) const {
    std::vector<Input> inputs;
    for (size_t i = 0; i < units.size(); ++i) inputs.push_back({weights[i], Total(i), epochs});
    return Schedule::Make(inputs, stop, {}, 7).ValueOrDie();
  }
};

TEST_CASE("rows are drawn as units ask for, within one row of each input at every block") {
  const uint64_t seed = 20261129;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    Rows rows;
    std::vector<int64_t> weights;
    for (size_t i = 0; i < 3; ++i) {
      auto& of = rows.units.emplace_back();
      const uint64_t most = std::vector<uint64_t>{1, 30, 4000}[random() % 3];
      for (uint64_t row = 1 + random() % 400; row > 0; --row) {
        of.push_back(static_cast<int64_t>(1 + random() % most));
      }
      weights.push_back(static_cast<int64_t>(1 + random() % 5));
    }
    const Stop stop = std::vector<Stop>{Stop::kFirstExhausted, Stop::kAllExhausted,
                                        Stop::kAllExhaustedWithoutReplacement}[random() % 3];
    const Schedule units = rows.Units(stop, 3, weights);
    const int64_t block = kBlockRows * static_cast<int64_t>(1 + random() % 4);
    const auto order = UnitOrder::Make(units, 3, block, 7, [&](size_t input, int64_t wanted) {
                         return Result<int64_t>(rows.Before(input, wanted));
                       }).ValueOrDie();
    std::vector<uint8_t> all(static_cast<size_t>(order->rows()));
    order->Fill(0, order->rows(), all.data());
    // What was drawn of each input, by the schedule of units at its end.
    for (size_t i = 0; i < 3; ++i) {
      const int64_t drawn = std::count(all.begin(), all.end(), static_cast<uint8_t>(i));
      CHECK(drawn == rows.Before(i, units.DrawnBefore(i, units.rows())));
      CHECK(order->DrawnBefore(i, order->rows()) == drawn);
      if (stop == Stop::kAllExhaustedWithoutReplacement) {
        CHECK(drawn == static_cast<int64_t>(rows.units[i].size()));
      }
    }
    // At every place the units drawn are those due, but for a row and what a block still owes.
    std::vector<int64_t> drawn(3), sums(3);
    int64_t position = 0;
    for (const uint8_t input : all) {
      const auto& of = rows.units[input];
      sums[input] += of[static_cast<size_t>(drawn[input]++) % of.size()];
      ++position;
      if (position % 97 != 0) continue;
      for (size_t i = 0; i < 3; ++i) CHECK(order->DrawnBefore(i, position) == drawn[i]);
    }
    for (size_t i = 0; i < 3; ++i) {
      const int64_t over = sums[i] - units.DrawnBefore(i, units.rows());
      CHECK(over >= 0);
      CHECK(over < *std::max_element(rows.units[i].begin(), rows.units[i].end()));
    }
    // Any part can be asked for by itself.
    for (int i = 0; i < 20 && order->rows() > 0; ++i) {
      const auto begin = static_cast<int64_t>(random() % static_cast<uint64_t>(order->rows()));
      const auto count =
          static_cast<int64_t>(random() % static_cast<uint64_t>(order->rows() - begin + 1));
      std::vector<uint8_t> part(static_cast<size_t>(count));
      order->Fill(begin, count, part.data());
      CHECK(std::equal(part.begin(), part.end(), all.begin() + begin));
    }
  }
}

TEST_CASE("blocks of many rows are divided, and an order tells itself apart where it differs") {
  Rows rows;
  rows.units = {std::vector<int64_t>(30'000, 1), std::vector<int64_t>(10'000, 1)};
  const auto make = [&] {
    return UnitOrder::Make(rows.Units(Stop::kAllExhaustedWithoutReplacement, 1, {3, 1}), 2,
                           int64_t{1} << 20, 7,
                           [&](size_t input, int64_t wanted) {
                             return Result<int64_t>(rows.Before(input, wanted));
                           })
        .ValueOrDie();
  };
  const auto order = make();
  CHECK(order->rows() == 40'000);
  for (int64_t position = 4000; position < 40'000; position += 4000) {
    CHECK(std::abs(order->DrawnBefore(0, position) - position * 3 / 4) < 200);
  }
  const std::string early = order->Fingerprint(0, 4000), late = order->Fingerprint(36'000, 40'000);
  CHECK(early != late);
  rows.units[1].pop_back();
  CHECK(make()->Fingerprint(0, 4000) != order->Fingerprint(0, 4000));
}

}  // namespace
}  // namespace millrace::mix
