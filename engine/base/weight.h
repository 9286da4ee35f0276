// Weights and shares as configs write them: numbers with at most six places after the point, so
// that sums and shares of them are whole numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace millrace {

/// Weights are whole numbers of this part.
inline constexpr int64_t kWeightUnit = 1'000'000;
inline constexpr double kWeightMax = 1e6;

/// In kWeightUnit; none where it has more places after the point.
std::optional<int64_t> WeightUnits(double weight);

/// A text that is a number from 0 to kWeightMax; none where it is not.
std::optional<double> ParseWeight(const std::string& text);

}  // namespace millrace
