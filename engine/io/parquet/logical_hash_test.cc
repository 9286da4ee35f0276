#include "io/parquet/logical_hash.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/sha256.h"
#include "io/testing/random_batch.h"

namespace millrace::io {
namespace {

using testing::RandomBatch;

std::string HashOf(const arrow::RecordBatch& rows) {
  LogicalHasher hasher(*rows.schema());
  REQUIRE(hasher.Update(rows).ok());
  return hasher.FinishHex();
}

std::string HashOf(std::shared_ptr<arrow::Array> column) {
  auto schema = arrow::schema({arrow::field("c", column->type())});
  return HashOf(*arrow::RecordBatch::Make(schema, column->length(), {column}));
}

// The definition of spec/logical_hash.md in the plainest words, value by value.
struct Oracle {
  std::string nulls, lengths, values;
  int64_t slots = 0;
  std::vector<Oracle> children;

  void Add(const arrow::Array& array, int64_t i) {
    int64_t slot = slots++;
    if (array.IsNull(i)) return Put(&nulls, slot, 8);
    switch (array.type_id()) {
      case arrow::Type::STRING:
      case arrow::Type::BINARY: {
        auto value = static_cast<const arrow::BinaryArray&>(array).GetView(i);
        Put(&lengths, static_cast<int64_t>(value.size()), 4);
        values += value;
        return;
      }
      case arrow::Type::LIST: {
        const auto& list = static_cast<const arrow::ListArray&>(array);
        Put(&lengths, list.value_length(i), 4);
        for (int32_t k = 0; k < list.value_length(i); ++k) {
          children[0].Add(*list.values(), list.value_offset(i) + k);
        }
        return;
      }
      case arrow::Type::STRUCT: {
        const auto& row = static_cast<const arrow::StructArray&>(array);
        for (size_t k = 0; k < children.size(); ++k)
          children[k].Add(*row.field(static_cast<int>(k)), i);
        return;
      }
      case arrow::Type::BOOL:
        values.push_back(static_cast<const arrow::BooleanArray&>(array).Value(i) ? 1 : 0);
        return;
      default: {
        size_t width = static_cast<size_t>(array.type()->byte_width());
        auto data = reinterpret_cast<const char*>(array.data()->buffers[1]->data());
        values.append(data + static_cast<size_t>(array.offset() + i) * width, width);
      }
    }
  }
  static void Put(std::string* out, int64_t value, int bytes) {
    for (int k = 0; k < bytes; ++k) out->push_back(static_cast<char>(value >> (8 * k)));
  }
  static Oracle For(const arrow::DataType& type) {
    Oracle oracle;
    for (const auto& field : type.fields()) oracle.children.push_back(For(*field->type()));
    return oracle;
  }
  std::string Digest() const {
    Sha256 hash;
    for (const std::string* stream : {&nulls, &lengths, &values})
      hash.UpdateField(Sha256Hex(*stream));
    for (const Oracle& child : children) hash.UpdateField(child.Digest());
    return hash.FinishHex();
  }
};

std::string OracleHash(const arrow::RecordBatch& rows) {
  Sha256 hash;
  hash.UpdateField("millrace-logical-1");
  hash.UpdateField(std::to_string(rows.num_rows()));
  for (int c = 0; c < rows.num_columns(); ++c) {
    Oracle oracle = Oracle::For(*rows.column(c)->type());
    for (int64_t i = 0; i < rows.num_rows(); ++i) oracle.Add(*rows.column(c), i);
    Sha256 name;
    name.UpdateField(rows.column_name(c));
    name.UpdateField(CanonicalTypeName(*rows.column(c)->type()).ValueOrDie());
    hash.UpdateField(name.FinishHex());
    hash.UpdateField(oracle.Digest());
  }
  return hash.FinishHex();
}

TEST_CASE("the logical hash is what its definition says, for any chunking and layout") {
  const uint64_t seed = 42;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  auto rows = RandomBatch(2500, random);
  const std::string expected = OracleHash(*rows);
  CHECK(HashOf(*rows) == expected);
  CHECK(HashOf(*testing::OtherLayout(rows, random)) == expected);
  for (int round = 0; round < 5; ++round) {
    LogicalHasher hasher(*rows->schema());
    for (int64_t at = 0; at < rows->num_rows();) {
      int64_t step = static_cast<int64_t>(random() % 400);
      REQUIRE(hasher.Update(*rows->Slice(at, step)).ok());
      at += step;
    }
    CHECK(hasher.FinishHex() == expected);
  }
  CHECK(HashOf(*rows->Slice(1)) != expected);
}

TEST_CASE("other storage of the same values has the same hash, other values another") {
  REQUIRE(arrow::compute::Initialize().ok());
  arrow::StringBuilder words;
  for (int i = 0; i < 300; ++i) {
    REQUIRE((i % 7 == 3 ? words.AppendNull() : words.Append("w" + std::to_string(i % 11))).ok());
  }
  std::shared_ptr<arrow::Array> plain = words.Finish().ValueOrDie();
  const std::string expected = HashOf(plain);
  for (const auto& type : {arrow::large_utf8(), arrow::utf8_view(),
                           arrow::dictionary(arrow::int16(), arrow::utf8())}) {
    CHECK(HashOf(arrow::compute::Cast(*plain, type).ValueOrDie()) == expected);
  }
  CHECK(HashOf(arrow::compute::Cast(*plain, arrow::binary()).ValueOrDie()) != expected);
  CHECK(HashOf(plain->Slice(0, 299)) != expected);
  auto narrow = arrow::compute::Cast(
                    *arrow::MakeArrayFromScalar(*arrow::MakeScalar(int32_t{-7}), 9).ValueOrDie(),
                    arrow::decimal128(12, 1))
                    .ValueOrDie();
  CHECK(HashOf(narrow) ==
        HashOf(arrow::compute::Cast(*narrow, arrow::decimal256(12, 1)).ValueOrDie()));
}

TEST_CASE("what lies under a null does not count") {
  auto valid = arrow::Buffer::FromString(std::string("\2", 1));
  auto offsets = arrow::Buffer::FromString(std::string("\0\0\0\0\5\0\0\0\7\0\0\0", 12));
  auto clean_offsets = arrow::Buffer::FromString(std::string("\0\0\0\0\0\0\0\0\2\0\0\0", 12));
  auto dirty =
      std::make_shared<arrow::StringArray>(2, offsets, arrow::Buffer::FromString("dirtyok"), valid);
  auto clean = std::make_shared<arrow::StringArray>(2, clean_offsets,
                                                    arrow::Buffer::FromString("ok"), valid);
  CHECK(HashOf(dirty) == HashOf(clean));
  auto parent_valid = arrow::Buffer::FromString(std::string("\2", 1));
  auto type = arrow::struct_({arrow::field("s", arrow::utf8())});
  auto strings =
      std::make_shared<arrow::StringArray>(2, offsets, arrow::Buffer::FromString("dirtyok"));
  auto other =
      std::make_shared<arrow::StringArray>(2, offsets, arrow::Buffer::FromString("otherok"));
  auto one =
      std::make_shared<arrow::StructArray>(type, 2, arrow::ArrayVector{strings}, parent_valid);
  auto two = std::make_shared<arrow::StructArray>(type, 2, arrow::ArrayVector{other}, parent_valid);
  CHECK(HashOf(one) == HashOf(two));
}

TEST_CASE("every NaN is the same value, the two zeros are two") {
  auto doubles = [](std::vector<double> values) {
    arrow::DoubleBuilder builder;
    REQUIRE(builder.AppendValues(values).ok());
    return HashOf(builder.Finish().ValueOrDie());
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(doubles({1, nan}) == doubles({1, -std::nan("77")}));
  CHECK(doubles({0.0}) != doubles({-0.0}));
  CHECK(doubles({nan}) != doubles({1}));
}

TEST_CASE("the pinned value of a small table: a change here breaks every stored manifest") {
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  REQUIRE(ids.AppendValues({1, 2, 3}).ok());
  REQUIRE(names.AppendValues({"a", "", "ccc"}).ok());
  auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
  auto rows =
      arrow::RecordBatch::Make(schema, 3, {ids.Finish().ValueOrDie(), names.Finish().ValueOrDie()});
  CHECK(HashOf(*rows) == "e29418ff221506c4d9cad0253514bf1e67c6f14e79453c31c90b1acd5a6a908a");
}

}  // namespace
}  // namespace millrace::io
