// Up to which row the buckets of an output mixture are drawn: the rows of each in the order of
// their hashes, equal hashes in the order of the rows. It is found in passes over the summaries of
// all splits, with little in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "op/chain.h"
#include "stage/key_summary.h"

namespace millrace::stage {

/// Where the cuts are, and how many rows that gives of each split.
struct QuotaCuts {
  /// The last row that is drawn of a bucket.
  struct Last {
    bool all = false, none = false;  // then there is no such row
    uint64_t hash = 0;
    size_t split = 0;
    int64_t position = 0;
  };
  std::vector<Last> last;      // per bucket
  std::vector<int64_t> drawn;  // [split * buckets + bucket]

  op::QuotaCut Of(size_t split, size_t bucket) const;
};

/// Takes a row: `digest.high` is its bucket, `digest.low` its hash.
using KeySink = std::function<void(size_t split, const Key& key)>;
/// Gives the rows of all splits, those of equal hashes in their order. Called once for each pass.
using KeyPass = std::function<Status(const KeySink& sink)>;

/// `reached`: how many rows each bucket has; `wanted`: how many of them are drawn. Buckets with
/// more rows than `candidates_max` in question need more than one pass.
Result<QuotaCuts> FindQuotaCuts(const std::vector<int64_t>& reached,
                                const std::vector<int64_t>& wanted, size_t splits,
                                int64_t candidates_max, const KeyPass& pass);

}  // namespace millrace::stage
