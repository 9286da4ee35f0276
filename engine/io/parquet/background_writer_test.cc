#include "io/parquet/background_writer.h"

#include <doctest/doctest.h>

#include <random>

#include "io/testing/memory_store.h"
#include "io/testing/random_batch.h"

namespace millrace::io {
namespace {

using testing::RandomBatch;

std::unique_ptr<ShardWriter> Open(Store& store, const arrow::RecordBatch& rows, TaskPool* pool) {
  return OpenShardWriter(store, "data/part", rows.schema(), {}, pool).ValueOrDie();
}

TEST_CASE("a writer in the background writes the same file") {
  std::mt19937_64 random(20261124);
  TaskPool pool(2);
  const auto rows = RandomBatch(30000, random);
  MemoryStore store;
  auto plain = Open(store, *rows, nullptr);
  REQUIRE(plain->Write(rows).ok());
  const DataFile expected = plain->Finish().ValueOrDie();
  for (const int64_t queue_bytes : {int64_t{1}, int64_t{1} << 16, int64_t{1} << 30}) {
    BackgroundWriter writer(Open(store, *rows, &pool), queue_bytes);
    for (int64_t at = 0; at < rows->num_rows(); at += 700) {
      REQUIRE(writer.Write(rows->Slice(at, 700)).ok());
    }
    writer.StartFinish();
    const DataFile file = writer.Finish().ValueOrDie();
    CHECK(file.sha256 == expected.sha256);
    CHECK(file.rows == expected.rows);
  }
}

TEST_CASE("without rows the file is there all the same") {
  std::mt19937_64 random(7);
  const auto rows = RandomBatch(0, random);
  MemoryStore store;
  BackgroundWriter writer(Open(store, *rows, nullptr), 1 << 20);
  CHECK(writer.Finish().ValueOrDie().rows == 0);
}

/// Fails with its third batch.
class FailingWriter : public ShardWriter {
 public:
  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    return ++batches_ < 3 ? Status::OK() : Status::IOError("the disk is full");
  }
  Result<DataFile> Finish() override { return DataFile(); }
  int64_t rows() const override { return 0; }
  int64_t logical_bytes() const override { return 0; }

 private:
  int batches_ = 0;
};

TEST_CASE("a failure to write comes back, from a later write or the finish, and nothing hangs") {
  std::mt19937_64 random(7);
  const auto rows = RandomBatch(10, random);
  BackgroundWriter writer(std::make_unique<FailingWriter>(), 1);
  Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = writer.Write(rows);
  CHECK(status.message() == "the disk is full");
  CHECK(writer.Finish().status().message() == "the disk is full");
  BackgroundWriter quick(std::make_unique<FailingWriter>(), int64_t{1} << 30);
  for (int i = 0; i < 3; ++i) {
    if (!quick.Write(rows).ok()) break;
  }
  CHECK(!quick.Finish().ok());
}

TEST_CASE("an abandoned writer commits nothing") {
  std::mt19937_64 random(7);
  const auto rows = RandomBatch(5000, random);
  MemoryStore store;
  {
    BackgroundWriter writer(Open(store, *rows, nullptr), 1 << 20);
    REQUIRE(writer.Write(rows).ok());
  }
  CHECK(store.List("").ValueOrDie().empty());
}

}  // namespace
}  // namespace millrace::io
