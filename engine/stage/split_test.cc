#include "stage/split.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "stage/identity.h"
#include "stage/ingest.h"

namespace millrace::stage {
namespace {

std::vector<io::FileInfo> RandomFiles(std::mt19937_64& random, size_t count, int64_t bytes_max) {
  std::set<std::string> names;
  while (names.size() < count) names.insert("part-" + std::to_string(random() % 1000000) + ".csv");
  std::vector<io::FileInfo> files;
  for (const std::string& name : names) {
    files.push_back(
        {name, static_cast<int64_t>(random() % static_cast<uint64_t>(bytes_max)), 0, 0});
  }
  return files;
}

std::set<std::vector<std::string>> GroupsByName(const std::vector<io::FileInfo>& files,
                                                int64_t split_bytes) {
  std::set<std::vector<std::string>> groups;
  for (const FileRange& range : GroupFiles(files, split_bytes)) {
    std::vector<std::string> names;
    for (size_t i = range.begin; i < range.end; ++i) names.push_back(files[i].key);
    groups.insert(names);
  }
  return groups;
}

IngestPlan PlanOf(std::vector<io::FileInfo> files) {
  IngestPlan plan;
  plan.contracts.resize(1);
  plan.contract_json = {"{}"};
  IngestSource source;
  source.files.name = "s/1 \xc3\xa4";
  source.files.files = std::move(files);
  plan.sources.push_back(std::move(source));
  return plan;
}

}  // namespace

TEST_CASE("every file is in exactly one group, in order") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    const auto files = RandomFiles(random, random() % 200, 4 << 20);
    size_t next = 0;
    for (const FileRange& range : GroupFiles(files, 2 << 20)) {
      CHECK(range.begin == next);
      CHECK(range.end > range.begin);
      next = range.end;
    }
    CHECK(next == files.size());
  }
}

TEST_CASE("a big file is a group of its own") {
  const std::vector<io::FileInfo> files = {{"a", 1, 0, 0}, {"b", 100 << 20, 0, 0}, {"c", 1, 0, 0}};
  CHECK(GroupsByName(files, 64 << 20).count({"b"}) == 1);
}

TEST_CASE("groups of small files come out near the size that is asked for") {
  std::mt19937_64 random(2);
  const auto files = RandomFiles(random, 5000, 1 << 20);
  int64_t bytes = 0;
  for (const io::FileInfo& file : files) bytes += file.bytes;
  const int64_t mean = bytes / static_cast<int64_t>(GroupFiles(files, 16 << 20).size());
  CHECK(mean > 8 << 20);
  CHECK(mean < 32 << 20);
}

TEST_CASE("a file more, less or changed changes the groups around it and no other") {
  const uint64_t seed = 20261121;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    auto files = RandomFiles(random, 100, 2 << 20);
    const auto before = GroupsByName(files, 8 << 20);
    const size_t at = random() % files.size();
    const io::FileInfo file = files[at];
    auto fewer = files;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at));
    size_t touched = 0;
    for (const auto& group : before) touched += GroupsByName(fewer, 8 << 20).count(group) == 0;
    // Its own group; when the file had ended a group, that group's neighbour as well.
    const auto own = std::find_if(before.begin(), before.end(), [&](const auto& group) {
      return std::find(group.begin(), group.end(), file.key) != group.end();
    });
    CHECK(touched >= 1);
    CHECK(touched <= (own->back() == file.key ? 2u : 1u));
    // The other way round: what the file's coming takes away is one group at most.
    touched = 0;
    for (const auto& group : GroupsByName(fewer, 8 << 20)) touched += before.count(group) == 0;
    CHECK(touched <= 1);
    files[at].bytes = 16 << 20;
    touched = 0;
    for (const auto& group : before) touched += GroupsByName(files, 8 << 20).count(group) == 0;
    CHECK(touched <= 1);
  }
}

TEST_CASE("row groups are taken together up to the size that is asked for") {
  const std::vector<RowGroupShape> shapes = {{10, 60}, {10, 60}, {10, 200}, {10, 10}};
  const auto ranges = GroupRowGroups(shapes, 100);
  REQUIRE(ranges.size() == 3);
  CHECK(ranges[0].end == 2);
  CHECK(ranges[1].end == 3);
  CHECK(ranges[2].end == 4);
  CHECK(GroupRowGroups({}, 100).size() == 1);
  // None is small because the others are full.
  const auto even = GroupRowGroups(std::vector<RowGroupShape>(13, {1, 10}), 100);
  REQUIRE(even.size() == 2);
  CHECK(even[0].end == 7);
}

TEST_CASE("a path that is not UTF-8 is refused") {
  CHECK(CodeOf(PlanSplits(PlanOf({{"a\xff", 1, 0, 0}})).status()) == ErrorCode::kUnreadablePath);
}

TEST_CASE("names depend on place and content and on nothing else") {
  IngestPlan plan = PlanOf({{"a.csv", 1, 5, 7}, {"b.csv", 100 << 20, 0, 0}});
  const auto splits = PlanSplits(plan).ValueOrDie();
  REQUIRE(splits.size() == 2);
  CHECK(SplitName(plan, splits[0]).substr(0, 7) == "s_1___-");
  CHECK(SplitName(plan, splits[0]) != SplitName(plan, splits[1]));
  const std::string id = SplitId(plan, splits[0], {"x"});
  CHECK(id != SplitId(plan, splits[0], {"y"}));
  plan.sources[0].files.files[0].mtime_ns = 99;
  plan.sources[0].limits.max_rejects = 3;
  plan.code_version = "other";
  CHECK(id == SplitId(plan, splits[0], {"x"}));
  plan.seed = 1;
  CHECK(id != SplitId(plan, splits[0], {"x"}));
}

}  // namespace millrace::stage
