#include <doctest/doctest.h>

#include <set>

#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::IntArray;
using testing::MakeChain;
using testing::Parameters;
using testing::Rows;
using testing::Values;

constexpr int64_t kRows = 10'000;

std::shared_ptr<arrow::RecordBatch> Numbers(int64_t rows) {
  std::vector<std::optional<int64_t>> numbers;
  for (int64_t i = 0; i < rows; ++i) numbers.emplace_back(i);
  return Rows({{"n", IntArray(numbers)}});
}

std::set<std::string> Drawn(const std::string& id, const Parameters& parameters,
                            uint64_t seed = 0) {
  const auto rows = Numbers(kRows);
  const auto chain = MakeChain(rows->schema(), {{"sample", id, parameters}}, seed).ValueOrDie();
  const auto drawn = chain->Apply(*rows).ValueOrDie().rows;
  const auto values = Values(*drawn, "n");
  return {values.begin(), values.end()};
}

TEST_CASE("about the share that is wanted is drawn") {
  // Of a fair coin the count lies within five standard deviations.
  for (const auto& wanted :
       {std::tuple("0.5", 4750, 5250), std::tuple("0.1", 850, 1150), std::tuple("0.001", 1, 26)}) {
    const std::string fraction = std::get<0>(wanted);
    const int low = std::get<1>(wanted), high = std::get<2>(wanted);
    CAPTURE(fraction);
    const auto drawn = static_cast<int>(Drawn("s", {{"fraction", fraction}}).size());
    CHECK(drawn >= low);
    CHECK(drawn <= high);
  }
  CHECK(Drawn("s", {{"fraction", "0"}}).empty());
  CHECK(Drawn("s", {{"fraction", "1"}}).size() == kRows);
}

TEST_CASE("equal seeds draw the same rows, the smaller sample among the larger") {
  const auto small = Drawn("a", {{"fraction", "0.1"}, {"seed", "7"}});
  const auto large = Drawn("b", {{"fraction", "0.3"}, {"seed", "7"}}, /*seed=*/99);
  CHECK(std::includes(large.begin(), large.end(), small.begin(), small.end()));
  CHECK(small == Drawn("c", {{"fraction", "0.1"}, {"seed", "7"}}));
  CHECK(small != Drawn("a", {{"fraction", "0.1"}, {"seed", "8"}}));
}

TEST_CASE("without a seed the pipeline's and the id decide") {
  const Parameters half = {{"fraction", "0.5"}};
  CHECK(Drawn("a", half, 1) == Drawn("a", half, 1));
  CHECK(Drawn("a", half, 1) != Drawn("a", half, 2));
  CHECK(Drawn("a", half, 1) != Drawn("b", half, 1));
}

TEST_CASE("what is drawn does not depend on the batch, and the others say why they are gone") {
  const auto rows = Numbers(40);
  const auto chain =
      MakeChain(rows->schema(), {{"sample", "half", {{"fraction", "0.5"}, {"seed", "1"}}}})
          .ValueOrDie();
  CHECK(chain->instances()[0].common.rejects == RejectDetail::kKeys);
  const ChainResult result = Apply(*chain, rows);
  REQUIRE(result.rejects != nullptr);
  CHECK(result.rejects->num_rows() + result.rows->num_rows() == 40);
  CHECK(Values(*result.rejects, "rule")[0] == "\"sample.not_drawn\"");
  CHECK(Values(*result.rejects, "threshold")[0] == "\"0.5\"");
}

}  // namespace
}  // namespace millrace::op
