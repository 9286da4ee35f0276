#include "stage/operators/quota_cuts.h"

#include <algorithm>
#include <compare>
#include <limits>

namespace millrace::stage {
namespace {

constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
constexpr uint64_t kLargest = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kParts = 1 << 12;  // of a range of hashes, in a pass

struct Candidate {
  uint64_t hash = 0;
  size_t split = 0;
  int64_t position = 0;
  auto operator<=>(const Candidate&) const = default;
};

/// Where the last row that is drawn of a bucket is looked for: among the hashes [low, high], of
/// which the `wanted` smallest are drawn.
struct Search {
  bool open = false;  // some are drawn, and some not
  uint64_t low = 0, high = kLargest;
  int64_t wanted = 0, inside = 0;  // inside: rows in the range
  std::vector<Candidate> candidates = {};

  uint64_t width() const { return (high - low) / kParts + 1; }  // of a part
};

class CutFinder {
 public:
  CutFinder(const std::vector<int64_t>& reached, const std::vector<int64_t>& wanted, size_t splits,
            int64_t candidates_max)
      : buckets_(reached.size()), candidates_max_(candidates_max) {
    cuts_.last.resize(buckets_);
    cuts_.drawn.resize(splits * buckets_);
    for (size_t b = 0; b < buckets_; ++b) {
      cuts_.last[b].all = wanted[b] == reached[b];
      cuts_.last[b].none = wanted[b] == 0;
      const bool open = !cuts_.last[b].all && !cuts_.last[b].none;
      searches_.push_back({open, 0, kLargest, wanted[b], reached[b]});
    }
  }

  Result<QuotaCuts> Find(const KeyPass& pass) {
    while (std::any_of(searches_.begin(), searches_.end(),
                       [this](const Search& search) { return IsWide(search); })) {
      ARROW_RETURN_NOT_OK(Narrow(pass));
    }
    ARROW_RETURN_NOT_OK(pass([this](size_t split, const Key& key) { Collect(split, key); }));
    for (size_t b = 0; b < buckets_; ++b) {
      Search& search = searches_[b];
      if (!search.open) continue;
      std::sort(search.candidates.begin(), search.candidates.end());
      search.candidates.resize(static_cast<size_t>(search.wanted));
      for (const Candidate& one : search.candidates) ++Drawn(one.split, b);
      const Candidate& last = search.candidates.back();
      cuts_.last[b] = {false, false, last.hash, last.split, last.position};
    }
    return std::move(cuts_);
  }

 private:
  bool IsWide(const Search& search) const {
    return search.open && search.inside > candidates_max_ && search.low != search.high;
  }
  int64_t& Drawn(size_t split, size_t bucket) { return cuts_.drawn[split * buckets_ + bucket]; }

  Status Narrow(const KeyPass& pass) {
    std::vector<int64_t> counts(buckets_ * kParts);
    ARROW_RETURN_NOT_OK(pass([&](size_t, const Key& key) {
      const Search& search = searches_[key.digest.high];
      const uint64_t hash = key.digest.low;
      if (hash < search.low || hash > search.high) return;
      ++counts[key.digest.high * kParts + (hash - search.low) / search.width()];
    }));
    for (size_t b = 0; b < buckets_; ++b) {
      Search& search = searches_[b];
      if (!IsWide(search)) continue;
      const uint64_t step = search.width();
      const int64_t* part = &counts[b * kParts];
      for (; *part < search.wanted; ++part) {
        search.wanted -= *part;
        search.low += step;
      }
      search.inside = *part;
      search.high = std::min(search.high, search.low + (step - 1));
    }
    return Status::OK();
  }

  void Collect(size_t split, const Key& key) {
    const size_t bucket = key.digest.high;
    Search& search = searches_[bucket];
    const uint64_t hash = key.digest.low;
    if (!search.open || hash < search.low) {
      Drawn(split, bucket) += cuts_.last[bucket].none ? 0 : 1;
      return;
    }
    if (hash > search.high) return;
    // Equal hashes come in the order of the rows: the first ones are enough.
    const bool enough = search.low == search.high &&
                        static_cast<int64_t>(search.candidates.size()) == search.wanted;
    if (!enough) search.candidates.push_back({hash, split, key.position});
  }

  size_t buckets_;
  int64_t candidates_max_;
  QuotaCuts cuts_;
  std::vector<Search> searches_;
};

}  // namespace

op::QuotaCut QuotaCuts::Of(size_t split, size_t bucket) const {
  const Last& at = last[bucket];
  if (at.all) return {kLargest, kNone};
  if (at.none) return {0, 0};
  return {at.hash, split < at.split ? kNone : split > at.split ? 0 : at.position + 1};
}

Result<QuotaCuts> FindQuotaCuts(const std::vector<int64_t>& reached,
                                const std::vector<int64_t>& wanted, size_t splits,
                                int64_t candidates_max, const KeyPass& pass) {
  return CutFinder(reached, wanted, splits, candidates_max).Find(pass);
}

}  // namespace millrace::stage
