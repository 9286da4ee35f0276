// Other thresholds over rows that are stored: what a chain gives when only its filters with
// `action: tag` are changed, out of what it gave before. Nothing is measured again.
//
// Thread-safety: any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "op/chain.h"

namespace millrace::op {

/// A chain and the canonical parameters of its instances.
struct DescribedChain {
  const Chain* chain = nullptr;
  const std::vector<std::string>* json = nullptr;
};

/// Why `after` cannot be had from the rows of `before` ("`keep` ..."); "" when it can.
std::string RetagFault(const DescribedChain& before, const DescribedChain& after);

/// Whether it is a filter with `action: tag`.
bool Tags(const Instance& instance);
/// The position of the first that tags. REQUIRES: RetagFault is "".
size_t FirstTagging(const Chain& chain);

/// `stored`: rows that `before` gave; none of those that reached its first filter that tags was
/// lost or replaced on the way. The result has the rows of `after`, and of its instances `tagged`
/// and `histograms` of those that tag. None when a filter fails on a row, or when the tags are not
/// those that `before` gives: then the rows have to be worked on anew.
/// REQUIRES: RetagFault is "".
Result<std::optional<ChainResult>> Retag(const Chain& before, const Chain& after,
                                         const arrow::RecordBatch& stored);

}  // namespace millrace::op
