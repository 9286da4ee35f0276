#include "stage/operators/shard_groups.h"

#include <doctest/doctest.h>

#include <random>

namespace millrace::stage {
namespace {

std::vector<ShardSize> RandomShards(std::mt19937_64* random) {
  std::vector<ShardSize> shards((*random)() % 12);
  for (ShardSize& shard : shards) {
    shard.rows = static_cast<int64_t>((*random)() % 40);
    shard.bytes = shard.rows * static_cast<int64_t>(1 + (*random)() % 9);
  }
  return shards;
}

// The rows of the groups, one after the other, as (shard, row).
std::vector<std::pair<size_t, int64_t>> RowsOf(const std::vector<ShardGroup>& groups) {
  std::vector<std::pair<size_t, int64_t>> rows;
  for (const ShardGroup& group : groups) {
    for (const ShardPiece& piece : group) {
      for (int64_t i = 0; i < piece.rows; ++i) rows.emplace_back(piece.shard, piece.first_row + i);
    }
  }
  return rows;
}

std::vector<std::pair<size_t, int64_t>> RowsOf(const std::vector<ShardSize>& shards) {
  std::vector<std::pair<size_t, int64_t>> rows;
  for (size_t shard = 0; shard < shards.size(); ++shard) {
    for (int64_t i = 0; i < shards[shard].rows; ++i) rows.emplace_back(shard, i);
  }
  return rows;
}

int64_t RowsIn(const ShardGroup& group) {
  int64_t rows = 0;
  for (const ShardPiece& piece : group) rows += piece.rows;
  return rows;
}

}  // namespace

TEST_CASE("small neighbours are joined up to the limits, larger shards are left alone") {
  const ShardLimits limits{100, 1000, 0};
  const std::vector<ShardSize> shards = {{10, 400}, {10, 400}, {10, 300}, {60, 10},
                                         {10, 10},  {10, 500}, {10, 499}, {49, 1}};
  const auto groups = GroupShards(shards, limits);
  std::vector<std::vector<size_t>> members;
  for (const ShardGroup& group : groups) {
    auto& of = members.emplace_back();
    for (const ShardPiece& piece : group) of.push_back(piece.shard);
  }
  CHECK(members == std::vector<std::vector<size_t>>{{0, 1}, {2}, {3}, {4}, {5}, {6, 7}});
}

TEST_CASE("every row is in one group, in order, whatever the limits") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const auto shards = RandomShards(&random);
    ShardLimits limits;
    limits.rows_per_shard = 1 + static_cast<int64_t>(random() % 100);
    limits.bytes_per_shard = 1 + static_cast<int64_t>(random() % 500);
    limits.shards_multiple_of = static_cast<int64_t>(random() % 4);
    const auto groups = GroupShards(shards, limits);
    REQUIRE(RowsOf(groups) == RowsOf(shards));
    for (const ShardGroup& group : groups) {
      if (group.size() < 2) continue;
      REQUIRE(RowsIn(group) <= limits.rows_per_shard);
    }
  }
}

TEST_CASE("rows are divided evenly among a multiple of shards") {
  const ShardLimits limits{100, 0, 8};
  const auto groups = GroupShards({{70, 0}, {0, 0}, {35, 0}}, limits);
  REQUIRE(groups.size() == 8);
  for (size_t i = 0; i < groups.size(); ++i) CHECK(RowsIn(groups[i]) == (i < 1 ? 14 : 13));
  CHECK(GroupShards({{900, 0}}, limits).size() == 16);
  CHECK(GroupShards({{3, 0}}, limits).size() == 8);  // five of them empty
  CHECK(GroupShards({}, limits).empty());
  CHECK(GroupShards({{16, 4000}}, {100, 400, 4}).size() == 12);
}

}  // namespace millrace::stage
