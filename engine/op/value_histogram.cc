#include "op/value_histogram.h"

#include <arrow/type_traits.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace millrace::op {
namespace {

// Of a double: the sign, 11 bits of exponent, and of the 52 of the fraction the first two.
constexpr int kDroppedBits = 50;

uint64_t BitsOf(double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

template <typename Array>
double ValueAt(const arrow::Array& values, int64_t row) {
  return static_cast<double>(static_cast<const Array&>(values).Value(row));
}

using Reader = double (*)(const arrow::Array& values, int64_t row);

Reader ReaderOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
      return ValueAt<arrow::Int8Array>;
    case arrow::Type::INT16:
      return ValueAt<arrow::Int16Array>;
    case arrow::Type::INT32:
      return ValueAt<arrow::Int32Array>;
    case arrow::Type::INT64:
      return ValueAt<arrow::Int64Array>;
    case arrow::Type::UINT8:
      return ValueAt<arrow::UInt8Array>;
    case arrow::Type::UINT16:
      return ValueAt<arrow::UInt16Array>;
    case arrow::Type::UINT32:
      return ValueAt<arrow::UInt32Array>;
    case arrow::Type::UINT64:
      return ValueAt<arrow::UInt64Array>;
    case arrow::Type::FLOAT:
      return ValueAt<arrow::FloatArray>;
    case arrow::Type::DOUBLE:
      return ValueAt<arrow::DoubleArray>;
    default:
      return nullptr;
  }
}

}  // namespace

int32_t ValueHistogram::BinOf(double value) {
  if (value == 0) return 0;
  const auto size = static_cast<int32_t>(BitsOf(std::fabs(value)) >> kDroppedBits) + 1;
  return value < 0 ? -size : size;
}

double ValueHistogram::BoundOf(int32_t bin) {
  if (bin == 0) return 0;
  const uint64_t bits = static_cast<uint64_t>(std::abs(bin) - 1) << kDroppedBits;
  double size = 0;
  std::memcpy(&size, &bits, sizeof size);
  // The first bin holds the smallest numbers there are; 0 is another one.
  if (size == 0) size = 0x1p-1074;
  return bin < 0 ? -size : size;
}

std::vector<std::pair<double, ValueHistogram::Rows>> ValueHistogram::Bins() const {
  std::vector<std::pair<double, Rows>> bins;
  for (const auto& [bin, rows] : bins_) bins.emplace_back(BoundOf(bin), rows);
  return bins;
}

void ValueHistogram::Add(const ValueHistogram& other) {
  AddWithoutNumber(other.without_number_);
  for (const auto& [bin, rows] : other.bins_) {
    bins_[bin].kept += rows.kept;
    bins_[bin].against += rows.against;
  }
}

void ValueHistogram::AddBin(double bound, const Rows& rows) {
  Rows& bin = bins_[BinOf(bound)];
  bin.kept += rows.kept;
  bin.against += rows.against;
}

void ValueHistogram::AddWithoutNumber(const Rows& rows) {
  without_number_.kept += rows.kept;
  without_number_.against += rows.against;
}

bool ValueHistogram::Takes(const arrow::DataType& type) { return ReaderOf(type) != nullptr; }

void ValueHistogram::AddColumn(const arrow::Array& values, const std::vector<bool>& against,
                               const std::vector<bool>& skip) {
  const Reader read = ReaderOf(*values.type());
  int32_t last_bin = 0;
  Rows* last = nullptr;  // neighbours are often alike
  for (int64_t row = 0; row < values.length(); ++row) {
    const auto at = static_cast<size_t>(row);
    if (skip[at]) continue;
    const double value = values.IsNull(row) ? std::nan("") : read(values, row);
    if (!std::isfinite(value)) {
      AddNone(!against[at]);
      continue;
    }
    const int32_t bin = BinOf(value);
    if (last == nullptr || bin != last_bin) {
      last_bin = bin;
      last = &bins_[bin];
    }
    Count(last, !against[at]);
  }
}

void AddHistograms(const std::vector<ValueHistogram>& from, std::vector<ValueHistogram>* to) {
  for (const ValueHistogram& histogram : from) {
    const auto same = std::find_if(to->begin(), to->end(), [&](const ValueHistogram& other) {
      return other.of() == histogram.of();
    });
    if (same == to->end()) {
      to->push_back(histogram);
    } else {
      same->Add(histogram);
    }
  }
}

}  // namespace millrace::op
