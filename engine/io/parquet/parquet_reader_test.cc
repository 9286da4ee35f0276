#include "io/parquet/parquet_reader.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/table.h>
#include <doctest/doctest.h>
#include <parquet/arrow/writer.h>

#include <numeric>

namespace millrace::io {
namespace {

std::shared_ptr<arrow::Array> Numbers(int64_t rows) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < rows; ++i) REQUIRE(builder.Append(i).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Words(int64_t rows) {
  arrow::StringBuilder builder;
  for (int64_t i = 0; i < rows; ++i) {
    REQUIRE((i % 7 == 3 ? builder.AppendNull() : builder.Append("w" + std::to_string(i % 5))).ok());
  }
  return builder.Finish().ValueOrDie();
}

// Columns: id int64, word dictionary<string>, doc struct<id, text: large_string>.
std::shared_ptr<arrow::Buffer> WriteFile(int64_t rows, int64_t rows_per_group) {
  REQUIRE(arrow::compute::Initialize().ok());
  const auto id = Numbers(rows), words = Words(rows);
  const auto large = arrow::compute::Cast(*words, arrow::large_utf8()).ValueOrDie();
  const auto doc = arrow::StructArray::Make({id, large}, std::vector<std::string>{"id", "text"});
  const auto coded =
      arrow::compute::Cast(*words, arrow::dictionary(arrow::int32(), arrow::utf8())).ValueOrDie();
  const auto schema =
      arrow::schema({arrow::field("id", id->type()), arrow::field("word", coded->type()),
                     arrow::field("doc", doc.ValueOrDie()->type())});
  const auto table = arrow::Table::Make(schema, {id, coded, doc.ValueOrDie()});
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  parquet::ArrowWriterProperties::Builder properties;
  properties.store_schema();
  REQUIRE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, rows_per_group,
                                     parquet::default_writer_properties(), properties.build())
              .ok());
  return sink->Finish().ValueOrDie();
}

std::shared_ptr<arrow::io::RandomAccessFile> FileOf(std::shared_ptr<arrow::Buffer> bytes) {
  return std::make_shared<arrow::io::BufferReader>(std::move(bytes));
}

Projection Of(std::vector<std::string> names) {
  Projection projection;
  for (std::string& name : names) projection.fields.push_back({std::move(name), false});
  return projection;
}

}  // namespace

TEST_CASE("row groups come in order, in pieces, with the requested columns only") {
  const auto bytes = WriteFile(1000, 300);
  ParquetReadOptions options;
  options.rows_per_chunk = 128;
  auto reader = OpenParquet(FileOf(bytes), options, Of({"doc.text", "id"}));
  REQUIRE_MESSAGE(reader.ok(), reader.status().ToString());
  const auto words = Words(1000);
  int64_t row = 0;
  std::vector<int64_t> sizes;
  while (auto chunk = (*reader)->Next().ValueOrDie()) {
    const RawBatch batch = (*reader)->Parse(*chunk).ValueOrDie();
    CHECK(chunk->row_group * 300 + chunk->first_row == row);
    CHECK(batch.records == batch.columns->num_rows());
    CHECK(batch.columns->ValidateFull().ok());
    CHECK(batch.columns->schema()->field_names() == std::vector<std::string>{"doc.text", "id"});
    CHECK(batch.columns->column(0)->type_id() == arrow::Type::STRING);
    CHECK(batch.columns->column(0)->Equals(words->Slice(row, chunk->rows)));
    CHECK(static_cast<const arrow::Int64Array&>(*batch.columns->column(1)).Value(0) == row);
    row += chunk->rows;
    sizes.push_back(chunk->rows);
  }
  CHECK(row == 1000);
  CHECK(sizes.front() == 128);
}

TEST_CASE("dictionaries are decoded and the whole schema is normalised") {
  Projection all;
  all.all = true;
  auto reader = OpenParquet(FileOf(WriteFile(50, 50)), {}, all);
  REQUIRE(reader.ok());
  const auto& schema = *(*reader)->file_schema();
  CHECK(schema.field(1)->type()->id() == arrow::Type::STRING);
  CHECK(schema.field(2)->type()->field(1)->type()->id() == arrow::Type::STRING);
  const auto chunk = (*reader)->Next().ValueOrDie();
  const RawBatch batch = (*reader)->Parse(*chunk).ValueOrDie();
  CHECK(batch.columns->column(1)->Equals(Words(50)));
  CHECK(batch.columns->schema()->Equals(schema));
  CHECK((*reader)->Next().ValueOrDie() == nullptr);
}

TEST_CASE("a range of row groups is a file of its own") {
  const auto bytes = WriteFile(1000, 300);
  const auto groups = ListRowGroups(FileOf(bytes)).ValueOrDie();
  REQUIRE(groups.size() == 4);
  CHECK(groups[3].rows == 100);
  ParquetReadOptions options;
  options.row_group_begin = 2;
  options.row_group_end = 4;
  auto reader = OpenParquet(FileOf(bytes), options, Of({"id"}));
  REQUIRE(reader.ok());
  int64_t rows = 0;
  while (auto chunk = (*reader)->Next().ValueOrDie()) rows += chunk->rows;
  CHECK(rows == 400);
}

TEST_CASE("rows are counted when no column is wanted") {
  auto reader = OpenParquet(FileOf(WriteFile(70, 50)), {}, Projection());
  REQUIRE(reader.ok());
  int64_t rows = 0;
  while (auto chunk = (*reader)->Next().ValueOrDie()) {
    rows += (*reader)->Parse(*chunk).ValueOrDie().columns->num_rows();
  }
  CHECK(rows == 70);
}

namespace {

/// Writes the JSON rows as a Parquet file with these types and reads all of it back.
RawBatch ReadBack(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  const auto array = arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("c", type)}), {array});
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  parquet::ArrowWriterProperties::Builder properties;
  properties.store_schema();
  REQUIRE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1000,
                                     parquet::default_writer_properties(), properties.build())
              .ok());
  Projection all;
  all.all = true;
  auto reader = OpenParquet(FileOf(sink->Finish().ValueOrDie()), {}, all).ValueOrDie();
  const auto chunk = reader->Next().ValueOrDie();
  return reader->Parse(*chunk).ValueOrDie();
}

}  // namespace

TEST_CASE("types that mean the same are one type") {
  struct Case {
    std::shared_ptr<arrow::DataType> stored;
    std::string stored_json;
    std::shared_ptr<arrow::DataType> read;
    std::string read_json;
  };
  const auto pair = arrow::struct_(
      {arrow::field("key", arrow::utf8(), false), arrow::field("value", arrow::int64())});
  const std::vector<Case> cases = {
      {arrow::large_utf8(), R"(["a", null])", arrow::utf8(), R"(["a", null])"},
      {arrow::utf8_view(), R"(["a string that is longer", null])", arrow::utf8(),
       R"(["a string that is longer", null])"},
      {arrow::large_binary(), R"(["a", null])", arrow::binary(), R"(["a", null])"},
      {arrow::fixed_size_binary(2), R"(["ab", null])", arrow::binary(), R"(["ab", null])"},
      {arrow::float16(), "[1.5, null]", arrow::float32(), "[1.5, null]"},
      {arrow::null(), "[null, null]", arrow::utf8(), "[null, null]"},
      {arrow::date64(), "[86400000, null]", arrow::date32(), "[1, null]"},
      {arrow::decimal64(9, 2), R"(["1.25", null])", arrow::decimal128(9, 2), R"(["1.25", null])"},
      {arrow::large_list(arrow::large_utf8()), R"([["a"], null, []])", arrow::list(arrow::utf8()),
       R"([["a"], null, []])"},
      {arrow::fixed_size_list(arrow::int32(), 2), "[[1, 2], [3, null]]",
       arrow::list(arrow::int32()), "[[1, 2], [3, null]]"},
      {arrow::map(arrow::utf8(), arrow::int64()), R"([[["k", 1], ["l", null]], null, []])",
       arrow::list(pair), R"([[["k", 1], ["l", null]], null, []])"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.stored->ToString());
    const RawBatch batch = ReadBack(c.stored, c.stored_json);
    REQUIRE(batch.columns->ValidateFull().ok());
    const auto column = batch.columns->column(0);
    const auto expected = arrow::json::ArrayFromJSONString(c.read, c.read_json).ValueOrDie();
    CAPTURE(column->type()->ToString());
    REQUIRE(column->type()->id() == c.read->id());
    CHECK(column->ToString() == expected->ToString());
    CHECK(batch.columns->schema()->field(0)->type()->Equals(column->type()));
  }
}

TEST_CASE("a damaged byte is an error or harmless, never a crash") {
  const auto whole = WriteFile(400, 200);
  int damaged = 0;
  for (int64_t at = 0; at < whole->size(); at += 7) {
    std::string bytes = whole->ToString();
    bytes[static_cast<size_t>(at)] = static_cast<char>(bytes[static_cast<size_t>(at)] ^ 0x41);
    CAPTURE(at);
    Projection all;
    all.all = true;
    auto reader = OpenParquet(FileOf(arrow::Buffer::FromString(bytes)), {}, all);
    Status status = reader.status();
    while (status.ok()) {
      const auto chunk = (*reader)->Next();
      status = chunk.status();
      if (!status.ok() || *chunk == nullptr) break;
      status = (*reader)->Parse(**chunk).status();
    }
    if (status.ok()) continue;
    ++damaged;
    CHECK_MESSAGE(CodeOf(status) == ErrorCode::kCorruptFile, status.ToString());
  }
  CHECK(damaged > 20);
}

TEST_CASE("missing and forbidden columns and damaged files are told apart") {
  const auto bytes = WriteFile(10, 10);
  const auto code = [](const Result<std::unique_ptr<RecordReader>>& reader) {
    return CodeOf(reader.status());
  };
  CHECK(code(OpenParquet(FileOf(bytes), {}, Of({"idd"}))) == ErrorCode::kMissingColumn);
  CHECK(code(OpenParquet(FileOf(bytes), {}, Of({"doc.body"}))) == ErrorCode::kMissingColumn);
  Projection strict = Of({"id", "word"});
  strict.unknown = UnknownFields::kReject;
  CHECK(code(OpenParquet(FileOf(bytes), {}, strict)) == ErrorCode::kUnknownColumn);
  const auto cut = arrow::SliceBuffer(bytes, 0, bytes->size() / 2);
  CHECK(code(OpenParquet(FileOf(cut), {}, Of({"id"}))) == ErrorCode::kCorruptFile);
  CHECK(code(OpenParquet(FileOf(arrow::Buffer::FromString("")), {}, Of({"id"}))) ==
        ErrorCode::kCorruptFile);
}

}  // namespace millrace::io
