#include "export/json_rows.h"

#include <arrow/api.h>
#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "export/text_blocks.h"
#include "io/testing/random_batch.h"

namespace millrace::exporting {
namespace {

std::string LinesOf(const arrow::RecordBatch& rows, int64_t* non_finite = nullptr) {
  std::string out;
  int64_t ignored = 0;
  REQUIRE(RowsAsJson(rows, &out, non_finite != nullptr ? non_finite : &ignored).ok());
  return out;
}

template <typename Builder, typename Value>
std::string JsonOf(Builder&& builder, Value value) {
  REQUIRE(builder.Append(value).ok());
  REQUIRE(builder.AppendNull().ok());
  auto column = builder.Finish().ValueOrDie();
  auto schema = arrow::schema({arrow::field("v", column->type())});
  std::string lines = LinesOf(*arrow::RecordBatch::Make(schema, 2, {column}));
  const std::string head = "{\"v\":", tail = "}\n{\"v\":null}\n";
  REQUIRE(lines.size() > head.size() + tail.size());
  CHECK(lines.substr(lines.size() - tail.size()) == tail);
  return lines.substr(head.size(), lines.size() - head.size() - tail.size());
}

TEST_CASE("each type has one exact form") {
  CHECK(JsonOf(arrow::Int64Builder(), int64_t{-9223372036854775807}) == "-9223372036854775807");
  CHECK(JsonOf(arrow::UInt64Builder(), std::numeric_limits<uint64_t>::max()) ==
        "18446744073709551615");
  CHECK(JsonOf(arrow::Int8Builder(), int8_t{-5}) == "-5");
  CHECK(JsonOf(arrow::BooleanBuilder(), true) == "true");
  CHECK(JsonOf(arrow::DoubleBuilder(), 3.0) == "3.0");
  CHECK(JsonOf(arrow::DoubleBuilder(), -0.0) == "-0.0");
  CHECK(JsonOf(arrow::DoubleBuilder(), 0.1) == "0.1");
  CHECK(JsonOf(arrow::DoubleBuilder(), 1e300) == "1e+300");
  CHECK(JsonOf(arrow::FloatBuilder(), 0.1f) == "0.1");
  CHECK(JsonOf(arrow::DoubleBuilder(), std::numeric_limits<double>::infinity()) == "null");
  CHECK(JsonOf(arrow::Decimal128Builder(arrow::decimal128(20, 3)), arrow::Decimal128(-1)) ==
        "\"-0.001\"");
  CHECK(JsonOf(arrow::Date32Builder(), 20778) == "\"2026-11-21\"");
  auto pool = arrow::default_memory_pool();
  CHECK(JsonOf(arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), pool),
               int64_t{1}) == "\"1970-01-01T00:00:00.000001Z\"");
  CHECK(JsonOf(arrow::Time32Builder(arrow::time32(arrow::TimeUnit::SECOND), pool), 3661) ==
        "\"01:01:01\"");
  CHECK(JsonOf(arrow::BinaryBuilder(), "\xff\x00z") == "\"/w==\"");
  CHECK(JsonOf(arrow::StringBuilder(), "a\"b\\c\n\t\r\b\f\x01\x1f\x7f/é🙂") ==
        "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u001f\x7f/é🙂\"");
}

TEST_CASE("strings of every length and content read back as they were") {
  const uint64_t seed = 3;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 3000; ++round) {
    const std::string text = io::testing::RandomText(random, 40);
    std::string json;
    AppendJsonString(text, &json);
    REQUIRE(nlohmann::json::parse(json).get<std::string>() == text);
    for (char c : json) REQUIRE(static_cast<uint8_t>(c) >= 0x20);
  }
}

// The oracle reads the lines with another JSON parser and compares with the arrays.
TEST_CASE("random rows read back to the same values") {
  std::mt19937_64 random(17);
  auto rows = io::testing::RandomBatch(800, random);
  const std::string lines = LinesOf(*io::testing::OtherLayout(rows, random));
  size_t at = 0;
  const auto& text = static_cast<const arrow::StringArray&>(*rows->GetColumnByName("text"));
  const auto& u64 = static_cast<const arrow::UInt64Array&>(*rows->GetColumnByName("u64"));
  const auto& f64 = static_cast<const arrow::DoubleArray&>(*rows->GetColumnByName("f64"));
  const auto& lists = static_cast<const arrow::ListArray&>(*rows->GetColumnByName("list"));
  const auto& structs = static_cast<const arrow::StructArray&>(*rows->GetColumnByName("struct"));
  for (int64_t i = 0; i < rows->num_rows(); ++i) {
    const size_t end = lines.find('\n', at);
    REQUIRE(end != std::string::npos);
    const auto json = nlohmann::json::parse(lines.substr(at, end - at));
    at = end + 1;
    REQUIRE(json.size() == static_cast<size_t>(rows->num_columns()));
    CHECK(json["text"].is_null() == text.IsNull(i));
    if (text.IsValid(i)) CHECK(json["text"] == text.GetString(i));
    if (u64.IsValid(i)) CHECK(json["u64"].get<uint64_t>() == u64.Value(i));
    if (f64.IsValid(i)) CHECK(json["f64"].get<double>() == f64.Value(i));
    if (lists.IsValid(i)) CHECK(json["list"].size() == static_cast<size_t>(lists.value_length(i)));
    CHECK(json["struct"].is_null() == structs.IsNull(i));
    if (structs.IsValid(i)) CHECK(json["struct"]["a"].is_null() == structs.field(0)->IsNull(i));
  }
  CHECK(at == lines.size());
}

TEST_CASE("what has no JSON form is refused, and lost floats are counted") {
  arrow::DoubleBuilder reals;
  REQUIRE(reals
              .AppendValues({1.0, std::numeric_limits<double>::quiet_NaN(),
                             -std::numeric_limits<double>::infinity()})
              .ok());
  auto schema = arrow::schema({arrow::field("r", arrow::float64())});
  int64_t non_finite = 0;
  LinesOf(*arrow::RecordBatch::Make(schema, 3, {reals.Finish().ValueOrDie()}), &non_finite);
  CHECK(non_finite == 2);
  auto bad = arrow::schema({arrow::field("x", arrow::month_interval())});
  CHECK(CodeOf(CheckJsonTypes(*bad)) == ErrorCode::kBadValue);
  arrow::StringBuilder texts;
  REQUIRE(texts.AppendValues({"\xc3", "\xa9"}).ok());  // a character cut in two values
  auto strings = arrow::schema({arrow::field("s", arrow::utf8())});
  std::string out;
  CHECK(CodeOf(RowsAsJson(*arrow::RecordBatch::Make(strings, 2, {texts.Finish().ValueOrDie()}),
                          &out, &non_finite)) == ErrorCode::kCorruptFile);
}

std::string Inflate(const std::string& gzip) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string out(10 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);  // one member; its checksum is verified
  CHECK(stream.avail_in == 0);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST_CASE("blocks join to one gzip member or one zstd frame") {
  std::mt19937_64 random(8);
  for (TextCompression compression :
       {TextCompression::kNone, TextCompression::kGzip, TextCompression::kZstd}) {
    for (int blocks : {0, 1, 5}) {
      auto joiner = MakeTextJoiner(compression, 1).ValueOrDie();
      std::string text, file = joiner->Header().ValueOrDie();
      for (int i = 0; i < blocks; ++i) {
        std::string block;
        for (int k = 0; k < 20000; ++k) block += static_cast<char>('a' + random() % 7);
        text += block;
        file += joiner->Add(MakeTextBlock(block, compression, 1).ValueOrDie()).ValueOrDie();
      }
      file += joiner->Finish().ValueOrDie();
      if (compression == TextCompression::kNone) CHECK(file == text);
      if (compression == TextCompression::kGzip) CHECK(Inflate(file) == text);
      if (compression == TextCompression::kZstd) {
        std::string out(1 << 20, '\0');
        CHECK(ZSTD_findFrameCompressedSize(file.data(), file.size()) == file.size());
        const size_t bytes = ZSTD_decompress(out.data(), out.size(), file.data(), file.size());
        REQUIRE_FALSE(ZSTD_isError(bytes));
        CHECK(out.substr(0, bytes) == text);
      }
    }
  }
}

}  // namespace
}  // namespace millrace::exporting
