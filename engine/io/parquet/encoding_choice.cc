#include "io/parquet/encoding_choice.h"

#include <arrow/type_traits.h>
#include <xxhash.h>

#include <algorithm>
#include <vector>

namespace millrace::io {
namespace {

constexpr int64_t kValuesMin = 64;

// A set of 64-bit hashes; equal hashes count as equal values, which is close enough for a guess.
int64_t DistinctHashes(std::vector<uint64_t>* hashes) {
  std::sort(hashes->begin(), hashes->end());
  return std::unique(hashes->begin(), hashes->end()) - hashes->begin();
}

template <typename BinaryArray>
std::vector<uint64_t> BinaryHashes(const arrow::Array& array) {
  const auto& values = static_cast<const BinaryArray&>(array);
  std::vector<uint64_t> hashes;
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) continue;
    std::string_view value = values.GetView(i);
    hashes.push_back(XXH3_64bits(value.data(), value.size()));
  }
  return hashes;
}

std::vector<uint64_t> FixedWidthHashes(const arrow::Array& array) {
  const size_t width = static_cast<size_t>(array.type()->byte_width());
  const uint8_t* values = array.data()->buffers[1]->data();
  std::vector<uint64_t> hashes;
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) continue;
    hashes.push_back(XXH3_64bits(values + static_cast<size_t>(array.offset() + i) * width, width));
  }
  return hashes;
}

}  // namespace

bool WorthDictionary(const arrow::Array& first_values) {
  std::vector<uint64_t> hashes;
  switch (first_values.type_id()) {
    case arrow::Type::STRING:
      hashes = BinaryHashes<arrow::StringArray>(first_values);
      break;
    case arrow::Type::BINARY:
      hashes = BinaryHashes<arrow::BinaryArray>(first_values);
      break;
    case arrow::Type::LARGE_STRING:
      hashes = BinaryHashes<arrow::LargeStringArray>(first_values);
      break;
    case arrow::Type::LARGE_BINARY:
      hashes = BinaryHashes<arrow::LargeBinaryArray>(first_values);
      break;
    default:
      if (!arrow::is_fixed_width(first_values.type_id()) || first_values.type()->bit_width() < 8 ||
          first_values.type_id() == arrow::Type::FIXED_SIZE_LIST) {
        return true;
      }
      hashes = FixedWidthHashes(first_values);
  }
  const int64_t values = static_cast<int64_t>(hashes.size());
  return values < kValuesMin || DistinctHashes(&hashes) * 2 <= values;
}

}  // namespace millrace::io
