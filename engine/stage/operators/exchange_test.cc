#include "stage/operators/exchange.h"

#include <arrow/api.h>
#include <arrow/util/byte_size.h>
#include <doctest/doctest.h>

#include <string>

#include "base/reserved_columns.h"
#include "io/parquet/shard_writer.h"
#include "io/testing/memory_store.h"

namespace millrace::stage {
namespace {

constexpr int64_t kRows = 5000;

std::shared_ptr<arrow::RecordBatch> SomeRows() {
  arrow::StringBuilder ids, texts;
  for (int64_t row = 0; row < kRows; ++row) {
    REQUIRE(ids.Append("s/f#" + std::to_string(row)).ok());
    REQUIRE(texts.Append(std::string(100, static_cast<char>('a' + row % 26))).ok());
  }
  const auto schema =
      arrow::schema({arrow::field("text", arrow::utf8()),
                     arrow::field(std::string(kRowIdColumn), arrow::utf8(), false)});
  return arrow::RecordBatch::Make(schema, kRows, {*texts.Finish(), *ids.Finish()});
}

}  // namespace

TEST_CASE("Partitions find every row once, and hold no more than their rows") {
  io::MemoryStore store;
  const StageStore place(store, "stages/x");
  const auto rows = SomeRows();
  const auto writer = *ExchangeWriter::Open(place, "split", rows->schema(), 7);
  REQUIRE(writer->Add(rows).ok());
  const auto files = *writer->Finish();
  const auto index = *ReadExchangeIndex(place, files);
  REQUIRE(index.size() > 4);
  const auto reader = *ExchangeReader::Open(place, files);
  constexpr int64_t kParts = 40;
  int64_t found = 0;
  for (int64_t part = 0; part < kParts; ++part) {
    const KeyRange range = PartOfKeys(part, kParts);
    for (size_t batch = 0; batch < index.size(); ++batch) {
      const auto piece = *reader->Read(batch, range);
      REQUIRE(piece->ValidateFull().ok());
      found += piece->num_rows();
      if (piece->num_rows() == 0 || piece->num_rows() == index[batch].rows) continue;
      // Buffers are padded, and there are some for every column.
      CHECK(arrow::util::TotalBufferSize(*piece) < 2 * io::LogicalBytes(*piece) + 1024);
    }
  }
  CHECK(found == kRows);
}

}  // namespace millrace::stage
