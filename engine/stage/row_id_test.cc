#include "stage/row_id.h"

#include <arrow/array.h>
#include <doctest/doctest.h>

#include <random>

namespace millrace::stage {

TEST_CASE("row ids are what printing each number gives") {
  const uint64_t seed = 20261121;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const int64_t first :
       {int64_t{0}, int64_t{7}, int64_t{95}, int64_t{999'990}, int64_t{1} << 60}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<uint32_t> records;
      for (uint32_t record = static_cast<uint32_t>(random() % 3); records.size() < 300;
           record += 1 + static_cast<uint32_t>(random() % 5 == 0 ? random() % 1000 : 0)) {
        records.push_back(record);
      }
      const auto ids = RowIds("src/a b.csv#", first, records).ValueOrDie();
      REQUIRE(ids->ValidateFull().ok());
      for (size_t i = 0; i < records.size(); ++i) {
        REQUIRE(static_cast<const arrow::StringArray&>(*ids).GetString(static_cast<int64_t>(i)) ==
                "src/a b.csv#" + std::to_string(first + records[i]));
      }
    }
  }
  CHECK(RowIds("x#", 0, {}).ValueOrDie()->length() == 0);
}

}  // namespace millrace::stage
