#include "io/parquet/encoding_choice.h"

#include <arrow/api.h>
#include <doctest/doctest.h>

#include <string>

namespace millrace::io {
namespace {

TEST_CASE("a column of mostly distinct values gets no dictionary") {
  for (int distinct : {1000, 501, 500, 3}) {
    arrow::Int64Builder ints;
    arrow::StringBuilder texts;
    for (int i = 0; i < 1000; ++i) {
      REQUIRE(ints.Append(i % distinct).ok());
      REQUIRE(texts.Append("text " + std::to_string(i % distinct)).ok());
    }
    CHECK(WorthDictionary(*ints.Finish().ValueOrDie()) == (distinct <= 500));
    CHECK(WorthDictionary(*texts.Finish().ValueOrDie()) == (distinct <= 500));
  }
}

TEST_CASE("too few values, and bools, keep the default") {
  arrow::Int64Builder ints;
  for (int i = 0; i < 20; ++i) REQUIRE(ints.Append(i).ok());
  CHECK(WorthDictionary(*ints.Finish().ValueOrDie()));
  CHECK(WorthDictionary(*arrow::MakeArrayFromScalar(arrow::BooleanScalar(true), 500).ValueOrDie()));
  CHECK(WorthDictionary(*arrow::MakeArrayOfNull(arrow::utf8(), 500).ValueOrDie()));
}

}  // namespace
}  // namespace millrace::io
