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

void InstanceCount::Add(const InstanceCount& other) {
  reached += other.reached;
  dropped += other.dropped;
  tagged += other.tagged;
  refined += other.refined;
  expanded += other.expanded;
  derived += other.derived;
  op::AddHistograms(other.histograms, &histograms);
}

}  // namespace millrace::stage
