// How many rows of each bucket an output mixture draws: shares of a total, as far as there are
// rows. Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <vector>

namespace millrace::mix {

/// What becomes of the total when a bucket has fewer rows than its share of it.
enum class WhenShort {
  kShrink,  // it gets smaller until all shares hold
  kFill     // the other buckets give more, by their shares
};

struct Bucket {
  int64_t weight = 0;  // its share is held against the weights of the others; 0: nothing is drawn
  int64_t rows = 0;    // there are
};

/// `total` divided by weights, each part rounded down; what is left goes to the largest remainders,
/// to the first of equal ones. REQUIRES: some weight is not 0, or total is 0.
std::vector<int64_t> DivideByWeight(int64_t total, const std::vector<int64_t>& weights);

/// `rows_max`: the total that is asked for; -1: as much as there is. With kFill there is one.
std::vector<int64_t> DrawQuota(const std::vector<Bucket>& buckets, int64_t rows_max,
                               WhenShort when_short);

}  // namespace millrace::mix
