#include "stage/hyper_log_log.h"

#include <algorithm>
#include <cmath>

namespace millrace::stage {
namespace {

// Ertl's estimator ("New cardinality estimation algorithms for HyperLogLog sketches"): unbiased
// from one value up, without tables. Only basic arithmetic and square roots, which IEEE 754 rounds
// the same everywhere.
double Sigma(double x) {
  if (x == 1) return INFINITY;
  double y = 1, z = x, before;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (z != before);
  return z;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before;
  do {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (z != before);
  return z / 3;
}

}  // namespace

void HyperLogLog::Merge(const HyperLogLog& other) {
  for (size_t i = 0; i < registers_.size(); ++i) {
    registers_[i] = std::max(registers_[i], other.registers_[i]);
  }
}

int64_t HyperLogLog::Estimate() const {
  std::array<int, kRankMax + 1> count{};
  for (uint8_t rank : registers_) ++count[std::min(rank, kRankMax)];
  const double m = kRegisters;
  double z = m * Tau(1 - count[kRankMax] / m);
  for (int rank = kRankMax - 1; rank >= 1; --rank) z = 0.5 * (z + count[static_cast<size_t>(rank)]);
  z += m * Sigma(count[0] / m);
  const double alpha = 0.72134752044448170368;  // 1 / (2 ln 2)
  return static_cast<int64_t>(std::llround(alpha * m * m / z));
}

}  // namespace millrace::stage
