#include "base/weight.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace millrace {

std::optional<int64_t> WeightUnits(double weight) {
  const double units = weight * static_cast<double>(kWeightUnit);
  if (std::abs(units - std::round(units)) > 1e-6 * std::max(1.0, units)) return std::nullopt;
  return std::llround(units);
}

std::optional<double> ParseWeight(const std::string& text) {
  double weight = -1;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, weight);
  if (read.ptr != end || read.ec != std::errc() || !(weight >= 0 && weight <= kWeightMax)) {
    return std::nullopt;
  }
  return weight;
}

}  // namespace millrace
