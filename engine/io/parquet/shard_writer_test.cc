#include "io/parquet/shard_writer.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/io/memory.h>
#include <doctest/doctest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <random>

#include "base/sha256.h"
#include "io/parquet/logical_hash.h"
#include "io/testing/memory_store.h"
#include "io/testing/random_batch.h"

namespace millrace::io {
namespace {

using testing::RandomBatch;

DataFile WriteCuts(MemoryStore& store, const arrow::RecordBatch& rows,
                   const std::vector<int64_t>& cuts, const ShardWriterOptions& options,
                   TaskPool* pool) {
  auto writer = OpenShardWriter(store, "data/part", rows.schema(), options, pool).ValueOrDie();
  int64_t from = 0;
  for (int64_t to : cuts) {
    REQUIRE(writer->Write(rows.Slice(from, to - from)).ok());
    from = to;
  }
  REQUIRE(writer->Write(rows.Slice(from)).ok());
  CHECK(writer->rows() == rows.num_rows());
  return writer->Finish().ValueOrDie();
}

std::vector<int64_t> RandomCuts(int64_t rows, std::mt19937_64& random) {
  std::vector<int64_t> cuts;
  for (int64_t at = 0; at < rows;) {
    at += static_cast<int64_t>(random() % 700);
    if (at < rows) cuts.push_back(at);
  }
  return cuts;
}

std::shared_ptr<arrow::Table> ReadBack(MemoryStore& store, const std::string& key) {
  std::unique_ptr<parquet::arrow::FileReader> reader;
  auto file = store.OpenForRead(key).ValueOrDie();
  reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
  return reader->ReadTable().ValueOrDie();
}

TEST_CASE("any chunking of the same rows, with any number of threads, gives the same file") {
  const uint64_t seed = 20261121;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  ShardWriterOptions options;
  options.rows_per_batch = 512;
  options.bytes_per_batch = 64 << 10;
  options.rows_per_row_group = 1700;  // no multiple of the batch
  options.bytes_per_row_group = 400 << 10;
  TaskPool one(1), three(3);
  auto rows = RandomBatch(6000, random);
  MemoryStore store;
  DataFile whole = WriteCuts(store, *rows, {}, options, nullptr);
  CHECK(whole.rows == 6000);
  CHECK(whole.path == "data/part-" + whole.sha256.substr(0, 12) + ".parquet");
  CHECK(Sha256Hex(store.ReadSmall(whole.path, 1 << 30).ValueOrDie()) == whole.sha256);
  CHECK(store.Stat(whole.path).ValueOrDie().bytes == whole.bytes);
  for (TaskPool* pool : {static_cast<TaskPool*>(nullptr), &one, &three}) {
    DataFile again = WriteCuts(store, *rows, RandomCuts(6000, random), options, pool);
    CHECK(again.sha256 == whole.sha256);
    CHECK(again.logical_sha256 == whole.logical_sha256);
  }
  auto expected = arrow::Table::FromRecordBatches({rows}).ValueOrDie();
  auto table = ReadBack(store, whole.path);
  CHECK(table->schema()->Equals(*rows->schema(), /*check_metadata=*/false));
  CHECK(table->Equals(*expected));

  // The values' hash is that of what a reader finds, and does not know how it was written.
  LogicalHasher hasher(*table->schema());
  REQUIRE(hasher.Update(*table->CombineChunksToBatch().ValueOrDie()).ok());
  CHECK(hasher.FinishHex() == whole.logical_sha256);
  options.compression_level = 3;
  options.rows_per_row_group = 1000;
  DataFile other = WriteCuts(store, *rows, {}, options, nullptr);
  CHECK(other.sha256 != whole.sha256);
  CHECK(other.logical_sha256 == whole.logical_sha256);
}

TEST_CASE("a row group ends by rows or by logical bytes") {
  std::mt19937_64 random(7);
  auto rows = RandomBatch(3000, random);
  ShardWriterOptions options;
  options.rows_per_batch = 100;
  options.rows_per_row_group = 1000;
  MemoryStore store;
  DataFile file = WriteCuts(store, *rows, {}, options, nullptr);
  auto reader = parquet::ParquetFileReader::Open(store.OpenForRead(file.path).ValueOrDie());
  REQUIRE(reader->metadata()->num_row_groups() == 3);
  CHECK(reader->metadata()->RowGroup(1)->num_rows() == 1000);
  options.bytes_per_row_group = LogicalBytes(*rows->Slice(0, 100));
  file = WriteCuts(store, *rows, {}, options, nullptr);
  reader = parquet::ParquetFileReader::Open(store.OpenForRead(file.path).ValueOrDie());
  CHECK(reader->metadata()->num_row_groups() > 3);
}

TEST_CASE("a shard without rows is a readable file with the schema") {
  std::mt19937_64 random(7);
  auto rows = RandomBatch(0, random);
  MemoryStore store;
  DataFile file = WriteCuts(store, *rows, {}, {}, nullptr);
  CHECK(file.rows == 0);
  auto table = ReadBack(store, file.path);
  CHECK(table->num_rows() == 0);
  CHECK(table->schema()->Equals(*rows->schema(), false));
}

TEST_CASE("logical bytes add up over slices and ignore what lies under nulls") {
  std::mt19937_64 random(11);
  auto rows = RandomBatch(500, random);
  int64_t sum = 0;
  for (int64_t at = 0; at < 500; at += 37) sum += LogicalBytes(*rows->Slice(at, 37));
  CHECK(sum == LogicalBytes(*rows));
  auto offsets = arrow::Buffer::FromString(std::string("\0\0\0\0\5\0\0\0\7\0\0\0", 12));
  auto values = arrow::Buffer::FromString("hiddenX");
  auto valid = arrow::Buffer::FromString(std::string("\2", 1));
  arrow::StringArray strings(2, offsets, values, valid);
  CHECK(LogicalBytes(strings) == 8 + 2);
}

TEST_CASE("dictionaries and views are stored as plain columns, with the same bytes") {
  arrow::StringBuilder words;
  for (int i = 0; i < 1000; ++i) REQUIRE(words.Append("w" + std::to_string(i % 7)).ok());
  std::shared_ptr<arrow::Array> plain = words.Finish().ValueOrDie();
  auto encoded =
      arrow::compute::Cast(*plain, arrow::dictionary(arrow::int32(), arrow::utf8())).ValueOrDie();
  auto view = arrow::compute::Cast(*plain, arrow::utf8_view()).ValueOrDie();
  MemoryStore store;
  std::vector<std::string> hashes;
  for (const auto& column : {plain, encoded, view}) {
    auto schema = arrow::schema({arrow::field("w", column->type())});
    hashes.push_back(
        WriteCuts(store, *arrow::RecordBatch::Make(schema, 1000, {column}), {}, {}, nullptr)
            .sha256);
  }
  CHECK(hashes[0] == hashes[1]);
  CHECK(hashes[0] == hashes[2]);
}

TEST_CASE("schema metadata passes through and the row id is delta encoded") {
  std::mt19937_64 random(3);
  auto rows = RandomBatch(100, random);
  auto metadata = arrow::key_value_metadata({"huggingface"}, {"{\"info\":{}}"});
  rows = rows->ReplaceSchemaMetadata(metadata);
  MemoryStore store;
  DataFile file = WriteCuts(store, *rows, {}, {}, nullptr);
  CHECK(ReadBack(store, file.path)->schema()->metadata()->Get("huggingface").ValueOrDie() ==
        "{\"info\":{}}");
  auto reader = parquet::ParquetFileReader::Open(store.OpenForRead(file.path).ValueOrDie());
  auto group = reader->metadata()->RowGroup(0);
  auto encodings = group->ColumnChunk(group->num_columns() - 1)->encodings();
  CHECK(std::count(encodings.begin(), encodings.end(), parquet::Encoding::DELTA_BYTE_ARRAY) == 1);
  CHECK(group->ColumnChunk(0)->compression() == arrow::Compression::ZSTD);
}

}  // namespace
}  // namespace millrace::io
