#include "stage/sorted_stream.h"

#include <doctest/doctest.h>

#include <random>

#include "base/testing/temp_folder.h"

namespace millrace::stage {

TEST_CASE("a spilling sorter sorts like std::sort, whatever its memory and fan-in") {
  const uint64_t seed = 20261121;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const int64_t bytes_max : {8, 80, 8000, 1 << 20}) {
    for (const size_t fan_in : {2u, 3u, 100u}) {
      TempFolder folder;
      auto store = io::MakeLocalStore(folder.path());
      SpillFolder spill(*store, "spill");
      SpillingSorter<int64_t> sorter(spill, bytes_max);
      std::vector<int64_t> expected;
      for (int i = 0; i < (bytes_max < 100 ? 60 : 3000); ++i) {
        expected.push_back(static_cast<int64_t>(random() % 500));
        REQUIRE(sorter.Add(expected.back()).ok());
      }
      std::sort(expected.begin(), expected.end());
      {
        auto stream = sorter.Finish(fan_in).ValueOrDie();
        std::vector<int64_t> sorted;
        for (int64_t value; stream->Next(&value).ValueOrDie();) sorted.push_back(value);
        CHECK(sorted == expected);
      }
    }
  }
}

TEST_CASE("spilled files go with their last reader, and leftovers with Clear") {
  TempFolder folder;
  auto store = io::MakeLocalStore(folder.path());
  SpillFolder spill(*store, "spill");
  {
    SpillingSorter<int64_t> sorter(spill, 16);
    for (int64_t i = 0; i < 50; ++i) REQUIRE(sorter.Add(i).ok());
    CHECK(store->List("spill").ValueOrDie().size() == 25);
    auto stream = sorter.Finish(4).ValueOrDie();
    int64_t value;
    CHECK(stream->Next(&value).ValueOrDie());
  }
  CHECK(store->List("spill").ValueOrDie().empty());
  REQUIRE(store->Replace("spill/1-1", "left by a killed run").ok());
  REQUIRE(spill.Clear().ok());
  CHECK(store->List("spill").ValueOrDie().empty());
}

}  // namespace millrace::stage
