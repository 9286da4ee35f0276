// Committed shards as a stage leaves them, for the tests of exports.
#pragma once

#include <arrow/api.h>
#include <doctest/doctest.h>
#include <parquet/arrow/reader.h>

#include <memory>
#include <string>
#include <vector>

#include "export/export.h"
#include "io/parquet/shard_writer.h"

namespace millrace::exporting::testing {

/// Writes `rows` as shards of `rows_per_shard` under stages/ingest/ of the store.
inline ExportInput MakeInput(std::shared_ptr<io::Store> store, const arrow::RecordBatch& rows,
                             int64_t rows_per_shard) {
  ExportInput input;
  input.store = store;
  input.run_id = "run-1";
  input.schema = rows.schema();
  for (int64_t at = 0; at < rows.num_rows(); at += rows_per_shard) {
    const std::string prefix = "stages/ingest/data/s" + std::to_string(input.shards.size());
    auto writer = io::OpenShardWriter(*store, prefix, rows.schema(), {}, nullptr).ValueOrDie();
    REQUIRE(writer->Write(rows.Slice(at, rows_per_shard)).ok());
    input.shards.push_back(writer->Finish().ValueOrDie());
  }
  return input;
}

inline std::shared_ptr<arrow::Table> ReadParquet(io::Store& store, const std::string& key) {
  auto reader =
      parquet::arrow::OpenFile(store.OpenForRead(key).ValueOrDie(), arrow::default_memory_pool())
          .ValueOrDie();
  return reader->ReadTable().ValueOrDie();
}

/// All parts of a release, one after the other.
inline std::shared_ptr<arrow::Table> ReadRelease(io::Store& store, const Release& release) {
  std::vector<std::shared_ptr<arrow::Table>> tables;
  for (const io::DataFile& file : release.files) {
    tables.push_back(ReadParquet(store, release.release_id + "/" + file.path));
  }
  return arrow::ConcatenateTables(tables).ValueOrDie();
}

}  // namespace millrace::exporting::testing
