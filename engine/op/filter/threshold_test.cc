#include <doctest/doctest.h>

#include <limits>

#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::IntArray;
using testing::Parameters;
using testing::Rows;
using testing::Values;

ChainResult Keep(const std::shared_ptr<arrow::Array>& values, Parameters parameters) {
  parameters.insert(parameters.begin(), {"field", "n"});
  const auto rows = Rows({{"n", values}});
  return Apply(*testing::MakeChain(rows->schema(), {{"threshold", "t", parameters}}).ValueOrDie(),
               rows);
}

template <typename Builder, typename T>
std::shared_ptr<arrow::Array> Array(const std::vector<T>& values) {
  Builder builder;
  REQUIRE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

TEST_CASE("both bounds are included, and a reject says which one was missed") {
  const auto result = Keep(IntArray({1, 2, 3, 4, 5, std::nullopt}), {{"min", "2"}, {"max", "4.5"}});
  CHECK(Values(*result.rows, "n") == std::vector<std::string>{"2", "3", "4"});
  CHECK(Values(*result.rejects, "rule") == std::vector<std::string>{"\"threshold.below\"",
                                                                    "\"threshold.above\"",
                                                                    "\"threshold.none\""});
  CHECK(Values(*result.rejects, "value") == std::vector<std::string>{"\"1\"", "\"5\"", "\"null\""});
  CHECK(Values(*result.rejects, "threshold") ==
        std::vector<std::string>{"\"2\"", "\"4.5\"", "null"});
  REQUIRE(result.instances[0].histograms.size() == 1);
  CHECK(result.instances[0].histograms[0].without_number() == ValueHistogram::Rows{0, 1});
}

TEST_CASE("nulls and NaN pass when they may") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto rows = Rows({{"n", Array<arrow::DoubleBuilder, double>({0.1, nan, 0.3})}});
  // NaN equals nothing, so that slices cannot be held against the whole.
  const auto kept = [&](const Parameters& parameters) {
    const auto chain = testing::MakeChain(rows->schema(), {{"threshold", "t", parameters}});
    return (*chain)->Apply(*rows).ValueOrDie().rows->num_rows();
  };
  CHECK(kept({{"field", "n"}, {"min", "0.1"}, {"max", "0.2"}, {"nulls", "keep"}}) == 2);
  CHECK(kept({{"field", "n"}, {"min", "0.1"}}) == 2);
}

TEST_CASE("integers at the ends of their types are compared as they are") {
  using Limits = std::numeric_limits<int64_t>;
  const auto wide = Array<arrow::Int64Builder, int64_t>({Limits::min(), -1, 0, Limits::max()});
  CHECK(Keep(wide, {{"min", "-1"}}).rows->num_rows() == 3);
  CHECK(Keep(wide, {{"max", "-0.5"}}).rows->num_rows() == 2);
  const auto without_sign =
      Array<arrow::UInt64Builder, uint64_t>({0, 1, std::numeric_limits<uint64_t>::max()});
  CHECK(Keep(without_sign, {{"min", "-5"}}).rows->num_rows() == 3);
  CHECK(Keep(without_sign, {{"max", "-5"}}).rows->num_rows() == 0);
  CHECK(Keep(without_sign, {{"min", "0.5"}}).rows->num_rows() == 2);
  const auto narrow = Array<arrow::Int8Builder, int8_t>({-128, 0, 127});
  CHECK(Keep(narrow, {{"min", "-1000"}, {"max", "100"}}).rows->num_rows() == 2);
}

TEST_CASE("what is wrong with the bounds is told") {
  const auto schema = Rows({{"n", IntArray({1})}, {"t", testing::TextArray({"a"})}})->schema();
  const auto problem = [&](const Parameters& parameters) {
    return testing::Bind("threshold", "t", parameters, schema).status().message();
  };
  CHECK(problem({{"field", "n"}}) == "neither `min` nor `max` is given");
  CHECK(problem({{"field", "n"}, {"min", "3"}, {"max", "2"}}) ==
        "`max` is below `min`: no row would be kept");
  CHECK(problem({{"field", "t"}, {"min", "3"}}) == "`t` is string, but must be a number");
  CHECK(problem({{"field", "m"}, {"min", "3"}}) == "no column `m` reaches this operator");
}

}  // namespace
}  // namespace millrace::op
