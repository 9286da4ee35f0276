#include "stage/operators/shard_groups.h"

#include <algorithm>

namespace millrace::stage {
namespace {

bool IsSmall(const ShardSize& shard, const ShardLimits& limits) {
  return shard.bytes < limits.bytes_per_shard / 2 && shard.rows < limits.rows_per_shard / 2;
}

std::vector<ShardGroup> JoinSmall(const std::vector<ShardSize>& shards, const ShardLimits& limits) {
  std::vector<ShardGroup> groups;
  ShardSize sum;
  bool open = false;  // the last group takes more
  for (size_t i = 0; i < shards.size(); ++i) {
    const bool small = IsSmall(shards[i], limits);
    const bool fits = sum.bytes + shards[i].bytes <= limits.bytes_per_shard &&
                      sum.rows + shards[i].rows <= limits.rows_per_shard;
    if (!open || !small || !fits) {
      groups.emplace_back();
      sum = {};
    }
    groups.back().push_back({i, 0, shards[i].rows});
    sum.rows += shards[i].rows;
    sum.bytes += shards[i].bytes;
    open = small;
  }
  return groups;
}

int64_t Quotient(int64_t value, int64_t by) { return (value + by - 1) / by; }

std::vector<ShardGroup> DivideEvenly(const std::vector<ShardSize>& shards,
                                     const ShardLimits& limits) {
  ShardSize all;
  for (const ShardSize& shard : shards) {
    all.rows += shard.rows;
    all.bytes += shard.bytes;
  }
  if (all.rows == 0) return {};
  int64_t count = Quotient(all.rows, limits.rows_per_shard);
  if (limits.bytes_per_shard > 0) {
    count = std::max(count, Quotient(all.bytes, limits.bytes_per_shard));
  }
  count = Quotient(count, limits.shards_multiple_of) * limits.shards_multiple_of;
  std::vector<ShardGroup> groups(static_cast<size_t>(count));
  size_t shard = 0;
  int64_t first_row = 0;
  for (int64_t i = 0; i < count; ++i) {
    int64_t left = all.rows / count + (i < all.rows % count ? 1 : 0);
    while (left > 0) {
      const int64_t here = std::min(left, shards[shard].rows - first_row);
      if (here > 0) groups[static_cast<size_t>(i)].push_back({shard, first_row, here});
      left -= here;
      first_row += here;
      if (first_row == shards[shard].rows) {
        ++shard;
        first_row = 0;
      }
    }
  }
  return groups;
}

}  // namespace

std::vector<ShardGroup> GroupShards(const std::vector<ShardSize>& shards,
                                    const ShardLimits& limits) {
  if (limits.shards_multiple_of > 0) return DivideEvenly(shards, limits);
  return JoinSmall(shards, limits);
}

}  // namespace millrace::stage
