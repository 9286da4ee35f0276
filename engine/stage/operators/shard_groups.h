// How the shards of a stage become the shards that its config asks for, when all splits are there:
// small neighbours are joined, or all rows are divided evenly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::stage {

struct ShardLimits {
  int64_t rows_per_shard = 1 << 20;
  int64_t bytes_per_shard = 0;     // logical Arrow bytes; 0: shards are left as splits made them
  int64_t shards_multiple_of = 0;  // 0: any number
};

/// Of a shard that is there.
struct ShardSize {
  int64_t rows = 0, bytes = 0;  // logical
};

/// Neighbouring rows of one of them.
struct ShardPiece {
  size_t shard = 0;
  int64_t first_row = 0, rows = 0;
};

/// A shard that is to be: of one that is there as a whole, or made of pieces. Without pieces:
/// empty.
using ShardGroup = std::vector<ShardPiece>;

/// In row order. With `shards_multiple_of` every shard has the same number of rows, or one more
/// than the last ones. Otherwise neighbours of which each is under half of both limits are joined,
/// as many as stay within them.
std::vector<ShardGroup> GroupShards(const std::vector<ShardSize>& shards,
                                    const ShardLimits& limits);

}  // namespace millrace::stage
