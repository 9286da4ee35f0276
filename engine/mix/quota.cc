#include "mix/quota.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace millrace::mix {
namespace {

using Wide = __int128;

// The largest total of which the bucket has its share.
int64_t TotalFor(const Bucket& bucket, int64_t weights) {
  const Wide total = Wide{bucket.rows} * weights / bucket.weight;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  return total > kMost ? kMost : static_cast<int64_t>(total);
}

std::vector<int64_t> Shrunk(const std::vector<Bucket>& buckets, int64_t rows_max) {
  std::vector<int64_t> weights;
  for (const Bucket& bucket : buckets) weights.push_back(bucket.weight);
  const int64_t whole = std::accumulate(weights.begin(), weights.end(), int64_t{0});
  int64_t total = rows_max < 0 ? std::numeric_limits<int64_t>::max() : rows_max;
  for (const Bucket& bucket : buckets) {
    if (bucket.weight > 0) total = std::min(total, TotalFor(bucket, whole));
  }
  // No part is more than there is: one that has all its rows is a whole number and not rounded up.
  return DivideByWeight(whole == 0 ? 0 : total, weights);
}

std::vector<int64_t> Filled(const std::vector<Bucket>& buckets, int64_t rows_max) {
  std::vector<int64_t> rows(buckets.size());
  std::vector<int64_t> weights;
  for (const Bucket& bucket : buckets) weights.push_back(bucket.weight);
  int64_t left = rows_max;
  for (;;) {
    if (std::all_of(weights.begin(), weights.end(), [](int64_t w) { return w == 0; })) return rows;
    const std::vector<int64_t> parts = DivideByWeight(left, weights);
    bool is_short = false;
    for (size_t i = 0; i < buckets.size(); ++i) {
      if (weights[i] == 0 || parts[i] <= buckets[i].rows) continue;
      is_short = true;
      rows[i] = buckets[i].rows;
      weights[i] = 0;
      left -= rows[i];
    }
    if (is_short) continue;
    for (size_t i = 0; i < buckets.size(); ++i) rows[i] += parts[i];
    return rows;
  }
}

}  // namespace

std::vector<int64_t> DivideByWeight(int64_t total, const std::vector<int64_t>& weights) {
  std::vector<int64_t> parts(weights.size());
  const Wide whole = std::accumulate(weights.begin(), weights.end(), Wide{0});
  if (whole == 0) return parts;
  int64_t left = total;
  std::vector<std::pair<Wide, size_t>> remainders;  // negated: the largest first
  for (size_t i = 0; i < weights.size(); ++i) {
    const Wide due = Wide{total} * weights[i];
    parts[i] = static_cast<int64_t>(due / whole);
    left -= parts[i];
    remainders.emplace_back(-(due % whole), i);
  }
  std::sort(remainders.begin(), remainders.end());
  for (int64_t i = 0; i < left; ++i) ++parts[remainders[static_cast<size_t>(i)].second];
  return parts;
}

std::vector<int64_t> DrawQuota(const std::vector<Bucket>& buckets, int64_t rows_max,
                               WhenShort when_short) {
  return when_short == WhenShort::kShrink ? Shrunk(buckets, rows_max) : Filled(buckets, rows_max);
}

}  // namespace millrace::mix
