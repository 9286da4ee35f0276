#include "stage/profile.h"

#include <arrow/api.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "io/testing/random_batch.h"

namespace millrace::stage {
namespace {

using io::testing::RandomBatch;

ColumnProfile ProfileOf(const std::shared_ptr<arrow::Array>& values, bool sensitive = false) {
  ColumnProfiler profiler(*arrow::field("c", values->type()), sensitive);
  profiler.Update(*values);
  return profiler.Summary();
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> ArrayOf(Builder&& builder, const std::vector<Value>& values) {
  for (const Value& value : values) REQUIRE(builder.Append(value).ok());
  REQUIRE(builder.AppendNull().ok());
  return builder.Finish().ValueOrDie();
}

TEST_CASE("a profile says what a person would count") {
  auto texts = ProfileOf(
      ArrayOf(arrow::StringBuilder(), std::vector<std::string>{"pear", "apple", "é", "", "apple"}));
  CHECK(texts.rows == 6);
  CHECK(texts.nulls == 1);
  CHECK(texts.distinct_estimate == 4);
  CHECK(texts.min == "");
  CHECK(texts.max == "é");
  CHECK(texts.length_min == 0);
  CHECK(texts.length_max == 5);
  CHECK(texts.length_mean == doctest::Approx(16.0 / 5));
  CHECK(texts.type == "string");

  auto numbers =
      ProfileOf(ArrayOf(arrow::Int64Builder(), std::vector<int64_t>{3, -9007199254740993, 12}));
  CHECK(numbers.min == "-9007199254740993");
  CHECK(numbers.max == "12");
  CHECK(numbers.length_max == 0);

  const double nan = std::numeric_limits<double>::quiet_NaN();
  auto reals = ProfileOf(ArrayOf(arrow::DoubleBuilder(), std::vector<double>{nan, -0.0, 0.5}));
  CHECK(reals.min == "0");
  CHECK(reals.max == "0.5");
  CHECK(ProfileOf(ArrayOf(arrow::DoubleBuilder(), std::vector<double>{nan})).min == "");

  auto days = ProfileOf(ArrayOf(arrow::Date32Builder(), std::vector<int32_t>{0, 20778}));
  CHECK(days.min == "1970-01-01");
  CHECK(days.max == "2026-11-21");

  arrow::Decimal128Builder money(arrow::decimal128(9, 2));
  auto decimals = ProfileOf(ArrayOf(
      money, std::vector<arrow::Decimal128>{arrow::Decimal128(-1), arrow::Decimal128(1250)}));
  CHECK(decimals.min == "-0.01");
  CHECK(decimals.max == "12.50");

  auto flags = ProfileOf(ArrayOf(arrow::BooleanBuilder(), std::vector<bool>{true, true}));
  CHECK(flags.min == "true");
  CHECK(flags.distinct_estimate == 1);
}

TEST_CASE("a sensitive column shows no value") {
  auto column = ArrayOf(arrow::StringBuilder(), std::vector<std::string>{"secret-a", "secret-b"});
  auto profile = ProfileOf(column, /*sensitive=*/true);
  CHECK(profile.sensitive);
  CHECK(profile.min.empty());
  CHECK(profile.max.empty());
  CHECK(profile.distinct_estimate == 2);
  auto schema = arrow::schema({arrow::field("mail", column->type())});
  TableProfiler table(*schema, {"mail"});
  table.UpdateColumn(0, *column);
  CHECK(table.ToJson().find("\"min\"") == std::string::npos);
  CHECK(table.ToJson().find("7365637265742d61") == std::string::npos);
}

TEST_CASE("the state is the same for any batching, merging order and storing in between") {
  const uint64_t seed = 99;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  auto rows = RandomBatch(3000, random);
  TableProfiler whole(*rows->schema(), {"word"});
  whole.Update(*rows);
  for (int round = 0; round < 4; ++round) {
    TableProfiler first(*rows->schema(), {"word"}), second(*rows->schema(), {"word"});
    for (int64_t at = 0; at < rows->num_rows();) {
      const int64_t step = 1 + static_cast<int64_t>(random() % 500);
      (random() % 2 == 0 ? first : second).Update(*rows->Slice(at, step));
      at += step;
    }
    TableProfiler restored = TableProfiler::FromJson(second.ToJson(), *rows->schema()).ValueOrDie();
    REQUIRE(restored.Merge(first).ok());
    CHECK(restored.ToJson() == whole.ToJson());
  }
  auto summary = whole.Summary();
  CHECK(summary.size() == static_cast<size_t>(rows->num_columns()) - 1);  // not the row id
  // The oracle: strings by hand.
  const auto& texts = static_cast<const arrow::StringArray&>(*rows->GetColumnByName("text"));
  std::set<std::string> distinct;
  for (int64_t i = 0; i < texts.length(); ++i) {
    if (texts.IsValid(i)) distinct.insert(texts.GetString(i));
  }
  for (const ColumnProfile& column : summary) {
    if (column.name != "text") continue;
    CHECK(column.min == *distinct.begin());
    CHECK(column.max == *distinct.rbegin());
    CHECK(column.nulls == texts.null_count());
    CHECK(std::abs(static_cast<double>(column.distinct_estimate) /
                       static_cast<double>(distinct.size()) -
                   1) < 0.06);
  }
}

TEST_CASE("the estimate of distinct values stays within a few percent at every size") {
  for (int64_t distinct : {1, 10, 500, 4000, 20000, 300000}) {
    arrow::Int64Builder ids;
    for (int64_t i = 0; i < distinct; ++i) REQUIRE(ids.Append(i * 7919).ok());
    auto profile = ProfileOf(ids.Finish().ValueOrDie());
    CAPTURE(distinct);
    CHECK(std::abs(static_cast<double>(profile.distinct_estimate) / static_cast<double>(distinct) -
                   1) < 0.06);
  }
}

TEST_CASE("short texts with zero bytes and shared prefixes are ordered as by the library") {
  const uint64_t seed = 4;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> texts;
    for (int i = 0; i < 12; ++i) {
      std::string text;
      for (size_t bytes = random() % 11; text.size() < bytes;) text += "\0ab"[random() % 3];
      texts.push_back(text);
    }
    auto profile = ProfileOf(ArrayOf(arrow::StringBuilder(), texts));
    REQUIRE(profile.min == *std::min_element(texts.begin(), texts.end()));
    REQUIRE(profile.max == *std::max_element(texts.begin(), texts.end()));
  }
}

TEST_CASE("long texts are cut at a whole character, and damaged states are refused") {
  std::string text(255, 'a');
  auto profile =
      ProfileOf(ArrayOf(arrow::StringBuilder(), std::vector<std::string>{text + "é" + text}));
  CHECK(profile.max == text);
  auto exact = ProfileOf(
      ArrayOf(arrow::StringBuilder(), std::vector<std::string>{text.substr(1) + "é" + text}));
  CHECK(exact.max == text.substr(1) + "é");
  auto schema = arrow::schema({arrow::field("a", arrow::int64())});
  CHECK(CodeOf(TableProfiler::FromJson("{}", *schema).status()) == ErrorCode::kWorkspaceDamaged);
  auto other = arrow::schema({arrow::field("b", arrow::int64())});
  CHECK_FALSE(TableProfiler::FromJson(TableProfiler(*other, {}).ToJson(), *schema).ok());
}

}  // namespace
}  // namespace millrace::stage
