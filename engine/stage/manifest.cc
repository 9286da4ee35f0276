#include "stage/manifest.h"

#include <cmath>
#include <tuple>

namespace millrace::stage {
namespace {

double PartOf(double part, double whole) {
  return whole > 0 ? std::round(part / whole * 1e6) / 1e6 : 0;
}

}  // namespace

std::vector<MixShare> SharesOf(const std::vector<double>& weights,
                               const std::vector<Amount>& amounts) {
  double weight = 0;
  for (const double one : weights) weight += one;
  Amount all;
  for (const Amount& amount : amounts) all.Add(amount);
  const auto part = [](int64_t one, int64_t whole) {
    return PartOf(static_cast<double>(one), static_cast<double>(whole));
  };
  std::vector<MixShare> shares;
  for (size_t i = 0; i < amounts.size(); ++i) {
    shares.push_back({PartOf(weights[i], weight), part(amounts[i].rows, all.rows),
                      part(amounts[i].bytes, all.bytes), part(amounts[i].tokens, all.tokens),
                      part(amounts[i].images, all.images)});
  }
  return shares;
}

std::vector<MixShare> SharesOf(const std::vector<MixedInput>& mixture) {
  std::vector<double> weights;
  std::vector<Amount> amounts;
  for (const MixedInput& input : mixture) {
    weights.push_back(input.asked >= 0 ? input.asked : input.weight);
    amounts.push_back({input.drawn, input.bytes, input.tokens, input.images});
  }
  return SharesOf(weights, amounts);
}

std::vector<MixShare> SharesOf(const std::vector<DrawnBucket>& buckets) {
  std::vector<double> weights;
  std::vector<Amount> amounts;
  for (const DrawnBucket& bucket : buckets) {
    weights.push_back(bucket.quota);
    amounts.push_back(bucket.drawn);
  }
  return SharesOf(weights, amounts);
}

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
