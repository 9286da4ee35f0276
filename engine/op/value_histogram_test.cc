#include "op/value_histogram.h"

#include <arrow/builder.h>
#include <doctest/doctest.h>

#include <limits>

namespace millrace::op {
namespace {

TEST_CASE("bins are a quarter of a doubling wide, and small integers have one each") {
  ValueHistogram histogram("n");
  for (const double value : {0.0, -0.0, 1.0, 1.24, 1.25, 2.0, 3.0, 4.0, 5.0, 5.9, -3.0}) {
    histogram.Add(value, true);
  }
  std::vector<double> bounds;
  for (const auto& bin : histogram.Bins()) bounds.push_back(bin.first);
  CHECK(bounds == std::vector<double>{-3, 0, 1, 1.25, 2, 3, 4, 5});
  CHECK(histogram.Bins()[1].second == ValueHistogram::Rows{2, 0});
  CHECK(histogram.Bins()[7].second == ValueHistogram::Rows{2, 0});
}

TEST_CASE("what is stored reads back to the same bins, at the ends of the range, too") {
  ValueHistogram histogram("n");
  const double most = std::numeric_limits<double>::max();
  for (const double value : {most, -most, 1e308, -1e-320, 0x1p-1074, 7.0, 1e-9}) {
    histogram.Add(value, false);
  }
  ValueHistogram read("n");
  for (const auto& [bound, rows] : histogram.Bins()) read.AddBin(bound, rows);
  CHECK(read.Bins() == histogram.Bins());
}

TEST_CASE("parts add up to the whole") {
  arrow::Int32Builder builder;
  REQUIRE(builder.AppendValues({1, 5, 9, 40}).ok());
  REQUIRE(builder.AppendNull().ok());
  const auto values = builder.Finish().ValueOrDie();
  const std::vector<bool> against = {true, false, false, true, true},
                          skip = {false, false, false, true, false};
  ValueHistogram whole("n"), parts("n");
  whole.AddColumn(*values, against, skip);
  for (int64_t row = 0; row < values->length(); ++row) {
    ValueHistogram part("n");
    const auto at = static_cast<size_t>(row);
    part.AddColumn(*values->Slice(row, 1), {against[at]}, {skip[at]});
    parts.Add(part);
  }
  CHECK(parts.Bins() == whole.Bins());
  CHECK(whole.Bins().size() == 3);
  CHECK(whole.without_number() == ValueHistogram::Rows{0, 1});
  CHECK_FALSE(ValueHistogram::Takes(*arrow::utf8()));
}

}  // namespace
}  // namespace millrace::op
