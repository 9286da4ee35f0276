#include "stage/key_digest.h"

#include <arrow/api.h>
#include <xxhash.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

namespace millrace::stage {
namespace {

KeyDigest Digest(const void* data, size_t bytes) {
  const XXH128_hash_t hash = XXH3_128bits(data, bytes);
  return {hash.high64, hash.low64};
}

template <typename Float>
Float Canonical(Float value) {
  if (std::isnan(value)) return std::numeric_limits<Float>::quiet_NaN();
  return value == 0 ? Float{0} : value;
}

template <typename ArrayType>
void DigestTexts(const arrow::Array& array, std::vector<KeyOfRow>* out) {
  const auto& texts = static_cast<const ArrayType&>(array);
  for (int64_t i = 0; i < texts.length(); ++i) {
    if (texts.IsNull(i)) continue;
    const std::string_view text = texts.GetView(i);
    out->push_back({Digest(text.data(), text.size()), i});
  }
}

template <typename ArrayType>
void DigestFloats(const arrow::Array& array, std::vector<KeyOfRow>* out) {
  const auto& floats = static_cast<const ArrayType&>(array);
  for (int64_t i = 0; i < floats.length(); ++i) {
    if (floats.IsNull(i)) continue;
    const auto value = Canonical(floats.Value(i));
    out->push_back({Digest(&value, sizeof value), i});
  }
}

void DigestFixedWidth(const arrow::Array& array, size_t width, std::vector<KeyOfRow>* out) {
  const uint8_t* values =
      array.data()->buffers[1]->data() + static_cast<size_t>(array.offset()) * width;
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsValid(i))
      out->push_back({Digest(values + static_cast<size_t>(i) * width, width), i});
  }
}

// Lists and structs: the tree of a value as bytes, each leaf as its digest, each node with its
// size.
Status AppendTree(const arrow::Array& array, int64_t row, std::string* out) {
  if (array.IsNull(row)) {
    out->push_back('\0');
    return Status::OK();
  }
  out->push_back('\1');
  if (array.type_id() == arrow::Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(array);
    const int32_t length = list.value_length(row);
    out->append(reinterpret_cast<const char*>(&length), sizeof length);
    for (int32_t i = 0; i < length; ++i) {
      ARROW_RETURN_NOT_OK(AppendTree(*list.values(), list.value_offset(row) + i, out));
    }
    return Status::OK();
  }
  if (array.type_id() == arrow::Type::STRUCT) {
    const auto& record = static_cast<const arrow::StructArray&>(array);
    for (int i = 0; i < record.num_fields(); ++i)
      ARROW_RETURN_NOT_OK(AppendTree(*record.field(i), row, out));
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto keys, DigestKeys(*array.Slice(row, 1)));
  out->append(reinterpret_cast<const char*>(&keys.at(0).digest), sizeof(KeyDigest));
  return Status::OK();
}

}  // namespace

Result<std::vector<KeyOfRow>> DigestKeys(const arrow::Array& array) {
  static_assert(std::endian::native == std::endian::little, "digests are of little-endian values");
  std::vector<KeyOfRow> keys;
  keys.reserve(static_cast<size_t>(array.length()));
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      DigestTexts<arrow::BinaryArray>(array, &keys);
      return keys;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      DigestTexts<arrow::LargeBinaryArray>(array, &keys);
      return keys;
    case arrow::Type::FLOAT:
      DigestFloats<arrow::FloatArray>(array, &keys);
      return keys;
    case arrow::Type::DOUBLE:
      DigestFloats<arrow::DoubleArray>(array, &keys);
      return keys;
    case arrow::Type::BOOL:
      for (int64_t i = 0; i < array.length(); ++i) {
        if (array.IsNull(i)) continue;
        const uint8_t value = static_cast<const arrow::BooleanArray&>(array).Value(i);
        keys.push_back({Digest(&value, 1), i});
      }
      return keys;
    case arrow::Type::LIST:
    case arrow::Type::STRUCT:
      for (int64_t i = 0; i < array.length(); ++i) {
        if (array.IsNull(i)) continue;
        std::string tree;
        ARROW_RETURN_NOT_OK(AppendTree(array, i, &tree));
        keys.push_back({Digest(tree.data(), tree.size()), i});
      }
      return keys;
    default:
      break;
  }
  const int bits = array.type()->bit_width();
  if (bits < 8 || bits % 8 != 0) {
    return MakeError(ErrorCode::kBug, "no digest for values of type " + array.type()->ToString());
  }
  DigestFixedWidth(array, static_cast<size_t>(bits) / 8, &keys);
  return keys;
}

namespace {

// A digest of no value stands for null. What a value's is must not depend on the rows beside it.
std::vector<KeyOfRow> WithNulls(const arrow::Array& column, const std::vector<KeyOfRow>& keys) {
  if (column.null_count() == 0) return keys;
  std::vector<KeyOfRow> all(static_cast<size_t>(column.length()));
  for (size_t row = 0; row < all.size(); ++row) all[row].row = static_cast<int64_t>(row);
  for (const KeyOfRow& key : keys) all[static_cast<size_t>(key.row)] = key;
  return all;
}

}  // namespace

Result<std::vector<KeyOfRow>> DigestRows(const arrow::ArrayVector& columns, bool nulls_equal) {
  if (columns.size() == 1) {
    ARROW_ASSIGN_OR_RAISE(auto keys, DigestKeys(*columns[0]));
    return nulls_equal ? WithNulls(*columns[0], keys) : std::move(keys);
  }
  const auto rows = static_cast<size_t>(columns.at(0)->length());
  std::vector<KeyDigest> digests(rows * columns.size());  // a row's are neighbours; 0: null
  std::vector<bool> has_null(rows);
  for (size_t i = 0; i < columns.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const std::vector<KeyOfRow> keys, DigestKeys(*columns[i]));
    size_t next = 0;
    for (size_t row = 0; row < rows; ++row) {
      const bool present = next < keys.size() && keys[next].row == static_cast<int64_t>(row);
      if (present) digests[row * columns.size() + i] = keys[next++].digest;
      if (!present) has_null[row] = true;
    }
  }
  std::vector<KeyOfRow> out;
  for (size_t row = 0; row < rows; ++row) {
    if (has_null[row] && !nulls_equal) continue;
    out.push_back({Digest(&digests[row * columns.size()], columns.size() * sizeof(KeyDigest)),
                   static_cast<int64_t>(row)});
  }
  return out;
}

}  // namespace millrace::stage
