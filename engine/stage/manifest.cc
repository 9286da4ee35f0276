#include "stage/manifest.h"

#include <tuple>

namespace millrace::stage {

void RowEquation::Add(const RowEquation& other) {
  read += other.read;
  derived += other.derived;
  repeated += other.repeated;
  written += other.written;
  rejected += other.rejected;
  expanded += other.expanded;
  not_drawn += other.not_drawn;
}

void AddNulledCounts(const std::vector<NulledCount>& from, std::vector<NulledCount>* to) {
  std::map<std::tuple<std::string, std::string, std::string>, int64_t> sums;
  for (const auto* counts : {&from, static_cast<const std::vector<NulledCount>*>(to)}) {
    for (const NulledCount& c : *counts) sums[{c.source, c.rule, c.column}] += c.values;
  }
  to->clear();
  for (const auto& [key, values] : sums) {
    const auto& [source, rule, column] = key;
    to->push_back({source, rule, column, values});
  }
}

void AddInstanceCounts(const std::vector<InstanceCount>& from, std::vector<InstanceCount>* to) {
  if (to->empty()) {
    *to = from;
    return;
  }
  for (size_t i = 0; i < from.size(); ++i) {
    InstanceCount& sum = (*to)[i];
    sum.reached += from[i].reached;
    sum.dropped += from[i].dropped;
    sum.tagged += from[i].tagged;
    sum.refined += from[i].refined;
    sum.expanded += from[i].expanded;
    sum.derived += from[i].derived;
  }
}

}  // namespace millrace::stage
