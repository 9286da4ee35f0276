// Random rows with a column of nearly every kind of type, nulls included, for tests.
#pragma once

#include <arrow/api.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace millrace::io::testing {

using Random = std::mt19937_64;

inline void Require(const arrow::Status& status) {
  if (!status.ok()) status.Abort("random rows");
}

/// `append(builder)` adds one value; every tenth value is null.
template <typename Builder, typename Append>
std::shared_ptr<arrow::Array> RandomColumn(Builder& builder, int64_t rows, Random& random,
                                           Append append) {
  for (int64_t i = 0; i < rows; ++i) {
    Require(random() % 10 == 0 ? builder.AppendNull() : append(builder));
  }
  return builder.Finish().ValueOrDie();
}

inline std::string RandomText(Random& random, size_t bytes_max) {
  static const char* const kPieces[] = {"a",  "Z",    "0", " ",  "\"",   "\\", "\n",
                                        "\t", "\x01", "é", "漢", "🙂", "/"};
  std::string text;
  for (size_t bytes = random() % (bytes_max + 1); text.size() < bytes;)
    text += kPieces[random() % 13];
  return text;
}

template <typename Type>
std::shared_ptr<arrow::Array> RandomNumbers(std::shared_ptr<arrow::DataType> type, int64_t rows,
                                            Random& random) {
  arrow::NumericBuilder<Type> builder(std::move(type), arrow::default_memory_pool());
  return RandomColumn(builder, rows, random, [&](auto& to) {
    return to.Append(static_cast<typename Type::c_type>(random() >> (random() % 64)));
  });
}

inline std::shared_ptr<arrow::Array> RandomLists(int64_t rows, Random& random) {
  auto items = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), items);
  return RandomColumn(builder, rows, random, [&](arrow::ListBuilder& to) {
    Require(to.Append());
    for (uint64_t n = random() % 4; n > 0; --n) {
      Require(random() % 5 == 0 ? items->AppendNull() : items->Append(RandomText(random, 9)));
    }
    return arrow::Status::OK();
  });
}

/// struct<a: int32, b: list<struct<c: double>>>
inline std::shared_ptr<arrow::Array> RandomStructs(int64_t rows, Random& random) {
  auto pool = arrow::default_memory_pool();
  auto c = std::make_shared<arrow::DoubleBuilder>();
  auto inner = std::make_shared<arrow::StructBuilder>(
      arrow::struct_({arrow::field("c", arrow::float64())}), pool,
      std::vector<std::shared_ptr<arrow::ArrayBuilder>>{c});
  auto b = std::make_shared<arrow::ListBuilder>(pool, inner);
  auto a = std::make_shared<arrow::Int32Builder>();
  auto type = arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", b->type())});
  arrow::StructBuilder builder(type, pool, {a, b});
  return RandomColumn(builder, rows, random, [&](arrow::StructBuilder& to) {
    Require(to.Append());
    Require(random() % 4 == 0 ? a->AppendNull() : a->Append(static_cast<int32_t>(random())));
    if (random() % 4 == 0) return b->AppendNull();
    Require(b->Append());
    for (uint64_t n = random() % 3; n > 0; --n) {
      if (random() % 4 == 0) {
        Require(inner->AppendNull());
        continue;
      }
      Require(inner->Append());
      Require(random() % 4 == 0 ? c->AppendNull() : c->Append(static_cast<double>(random()) / 7));
    }
    return arrow::Status::OK();
  });
}

/// Deterministic for a state of `random`. The last column is the row id.
inline std::shared_ptr<arrow::RecordBatch> RandomBatch(int64_t rows, Random& random) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  auto add = [&](const char* name, std::shared_ptr<arrow::Array> column, bool nullable = true) {
    fields.push_back(arrow::field(name, column->type(), nullable));
    columns.push_back(std::move(column));
  };
  arrow::BooleanBuilder flags;
  add("flag",
      RandomColumn(flags, rows, random, [&](auto& to) { return to.Append((random() & 1) != 0); }));
  add("i8", RandomNumbers<arrow::Int8Type>(arrow::int8(), rows, random));
  add("u32", RandomNumbers<arrow::UInt32Type>(arrow::uint32(), rows, random));
  add("i64", RandomNumbers<arrow::Int64Type>(arrow::int64(), rows, random));
  add("u64", RandomNumbers<arrow::UInt64Type>(arrow::uint64(), rows, random));
  add("f32", RandomNumbers<arrow::FloatType>(arrow::float32(), rows, random));
  add("f64", RandomNumbers<arrow::DoubleType>(arrow::float64(), rows, random));
  add("day", RandomNumbers<arrow::Date32Type>(arrow::date32(), rows, random));
  add("at", RandomNumbers<arrow::TimestampType>(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                                rows, random));
  arrow::Decimal128Builder decimals(arrow::decimal128(30, 4));
  add("decimal", RandomColumn(decimals, rows, random, [&](auto& to) {
        return to.Append(arrow::Decimal128(static_cast<int64_t>(random())));
      }));
  arrow::StringBuilder texts, words;
  add("text", RandomColumn(texts, rows, random,
                           [&](auto& to) { return to.Append(RandomText(random, 60)); }));
  add("word", RandomColumn(words, rows, random, [&](auto& to) {
        return to.Append("word" + std::to_string(random() % 5));
      }));
  arrow::BinaryBuilder blobs;
  add("blob", RandomColumn(blobs, rows, random, [&](auto& to) {
        uint64_t bytes = random();
        return to.Append(reinterpret_cast<const uint8_t*>(&bytes),
                         static_cast<int32_t>(random() % 9));
      }));
  add("list", RandomLists(rows, random));
  add("struct", RandomStructs(rows, random));
  arrow::StringBuilder ids;
  for (int64_t i = 0; i < rows; ++i)
    Require(ids.Append("source/some file.csv#" + std::to_string(i)));
  add("__fdf__/row_id", ids.Finish().ValueOrDie(), /*nullable=*/false);
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(columns));
}

/// The same rows laid out differently: every column a slice out of the middle of a longer array.
inline std::shared_ptr<arrow::RecordBatch> OtherLayout(
    const std::shared_ptr<arrow::RecordBatch>& batch, Random& random) {
  auto before = RandomBatch(1 + static_cast<int64_t>(random() % 20), random);
  auto joined = arrow::ConcatenateRecordBatches({before, batch, before}).ValueOrDie();
  return joined->Slice(before->num_rows(), batch->num_rows());
}

}  // namespace millrace::io::testing
