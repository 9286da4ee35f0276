// Big Parquet files: one split per range of row groups, one numbering of rows.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <doctest/doctest.h>
#include <parquet/arrow/writer.h>

#include "io/parquet/parquet_reader.h"
#include "stage/testing/ingest_fixture.h"

namespace millrace::stage {
namespace {

/// 100 rows in row groups of 7: "line" is "<n>,text <n>".
std::string ParquetFile() {
  arrow::StringBuilder lines;
  for (int i = 0; i < 100; ++i) {
    if (!lines.Append(std::to_string(i) + ",text " + std::to_string(i)).ok()) return "";
  }
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("line", arrow::utf8())}),
                                        {lines.Finish().ValueOrDie()});
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  if (!parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 7).ok()) return "";
  return sink->Finish().ValueOrDie()->ToString();
}

void ReadParquet(TestRun& run) {
  run.format = io::ParquetReadOptions{3};
  run.open = [](const source::FileSource& source, const io::FileInfo& file,
                const io::Projection&) -> Result<source::OpenedFile> {
    ARROW_ASSIGN_OR_RAISE(auto input, source.store->OpenForRead(file.key));
    io::Projection projection;
    projection.fields = {{"line"}};
    source::OpenedFile opened;
    ARROW_ASSIGN_OR_RAISE(opened.reader,
                          io::OpenParquet(input, io::ParquetReadOptions{3}, projection));
    opened.raw_bytes_read = [] { return int64_t{0}; };
    return opened;
  };
}

}  // namespace

TEST_CASE("ranges of row groups give the rows of the whole file, numbered through") {
  TempFolder folder;
  folder.Write("in/x.parquet", ParquetFile());
  TestRun whole(folder.path(), "whole"), ranges(folder.path(), "ranges");
  for (TestRun* run : {&whole, &ranges}) ReadParquet(*run);
  whole.plan.split_bytes = int64_t{1} << 40;
  ranges.plan.split_bytes = 256;
  Progress progress;
  ranges.progress = &progress;
  const Manifest a = whole.Run().ValueOrDie().at(0), b = ranges.Run().ValueOrDie().at(0);
  CHECK(progress.splits_total > 3);
  CHECK(a.rows.written == 100);
  CHECK(b.rows.written == 100);
  CHECK(b.inputs == a.inputs);
  for (const char* column : {"id", "text", "__fdf__/row_id"}) {
    CHECK(ranges.Column(b, column) == whole.Column(a, column));
  }
  CHECK(whole.Column(a, "__fdf__/row_id").back() == "src/x.parquet#99");
}

}  // namespace millrace::stage
