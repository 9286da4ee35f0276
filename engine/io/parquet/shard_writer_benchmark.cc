// How fast rows become Parquet, against parquet::arrow::WriteTable with the same settings. The rows
// are 20 columns as a warehouse export has them: keys, categories, money, times and free text.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <benchmark/benchmark.h>
#include <parquet/arrow/writer.h>

#include <random>
#include <string>

#include "io/parquet/shard_writer.h"
#include "io/parquet/writer_properties.h"
#include "io/testing/memory_store.h"

namespace millrace::io {
namespace {

using Random = std::mt19937_64;

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Column(Builder&& builder, int64_t rows, Value value) {
  for (int64_t i = 0; i < rows; ++i) {
    auto status = i % 50 == 49 ? builder.AppendNull() : builder.Append(value(i));
    if (!status.ok()) status.Abort();
  }
  return builder.Finish().ValueOrDie();
}

std::string Words(Random& random, int words) {
  static const char* const kWords[] = {"the",      "customer",   "asked", "for",      "a",
                                       "refund",   "because",    "order", "\"late\"", "parcel",
                                       "was",      "damaged,\n", "twice", "support",  "answered",
                                       "promptly", "and",        "again"};
  std::string text;
  for (int i = 0; i < words; ++i) (text += kWords[random() % 18]) += ' ';
  return text;
}

std::shared_ptr<arrow::RecordBatch> WarehouseRows(int64_t rows) {
  Random random(1);
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  auto add = [&](std::string name, std::shared_ptr<arrow::Array> column) {
    fields.push_back(arrow::field(std::move(name), column->type()));
    columns.push_back(std::move(column));
  };
  auto pool = arrow::default_memory_pool();
  add("id", Column(arrow::Int64Builder(), rows, [](int64_t i) { return 1000000 + i; }));
  for (int k = 0; k < 3; ++k) {
    add("key" + std::to_string(k), Column(arrow::Int64Builder(), rows, [&](int64_t) {
          return static_cast<int64_t>(random() % 5000000);
        }));
  }
  for (int k = 0; k < 3; ++k) {
    add("price" + std::to_string(k), Column(arrow::DoubleBuilder(), rows, [&](int64_t) {
          return static_cast<double>(random() % 10000000) / 100;
        }));
  }
  for (int k = 0; k < 2; ++k) {
    add("amount" + std::to_string(k),
        Column(arrow::Decimal128Builder(arrow::decimal128(12, 2), pool), rows, [&](int64_t) {
          return arrow::Decimal128(static_cast<int64_t>(random() % 100000000));
        }));
  }
  for (int k = 0; k < 2; ++k) {
    auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    add("at" + std::to_string(k), Column(arrow::TimestampBuilder(type, pool), rows, [&](int64_t) {
          return int64_t{1700000000000000} + static_cast<int64_t>(random() % 30000000) * 1000000;
        }));
  }
  add("day", Column(arrow::Date32Builder(), rows,
                    [&](int64_t) { return 19000 + static_cast<int>(random() % 900); }));
  add("flag", Column(arrow::BooleanBuilder(), rows, [&](int64_t) { return random() % 3 == 0; }));
  for (int k = 0; k < 2; ++k) {
    add("status" + std::to_string(k), Column(arrow::StringBuilder(), rows, [&](int64_t) {
          return "status_" + std::to_string(random() % 12);
        }));
  }
  add("city", Column(arrow::StringBuilder(), rows,
                     [&](int64_t) { return "City of " + std::to_string(random() % 3000); }));
  add("email", Column(arrow::StringBuilder(), rows, [&](int64_t) {
        return "user" + std::to_string(random() % 9000000) + "@example.org";
      }));
  add("title", Column(arrow::StringBuilder(), rows, [&](int64_t) { return Words(random, 4); }));
  add("body", Column(arrow::StringBuilder(), rows, [&](int64_t) { return Words(random, 12); }));
  add("__fdf__/row_id", Column(arrow::StringBuilder(), rows, [&](int64_t i) {
        return "orders/exports/orders-2026-11.csv#" + std::to_string(i);
      }));
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, columns);
}

const std::shared_ptr<arrow::RecordBatch>& Rows() {
  static const auto rows = WarehouseRows(1 << 19);
  return rows;
}

// What a store costs is not the question here.
class NullFile : public OutputFile {
 public:
  Status Write(std::string_view bytes) override {
    bytes_ += static_cast<int64_t>(bytes.size());
    return Status::OK();
  }
  Status Commit(const std::string&) override { return Status::OK(); }
  int64_t bytes_written() const override { return bytes_; }

 private:
  int64_t bytes_ = 0;
};
class NullStore : public MemoryStore {
 public:
  Result<std::unique_ptr<OutputFile>> Create(const std::string&) override {
    return std::make_unique<NullFile>();
  }
};

void Report(benchmark::State& state, int64_t file_bytes) {
  int64_t bytes = LogicalBytes(*Rows());
  state.SetBytesProcessed(state.iterations() * bytes);
  state.SetItemsProcessed(state.iterations() * Rows()->num_rows());
  state.counters["file_MB"] = static_cast<double>(file_bytes) / 1e6;
  state.counters["arrow_MB"] = static_cast<double>(bytes) / 1e6;
}

void BM_ShardWriter(benchmark::State& state) {
  int threads = static_cast<int>(state.range(0));
  std::unique_ptr<TaskPool> pool = threads > 0 ? std::make_unique<TaskPool>(threads) : nullptr;
  NullStore store;
  DataFile file;
  for (auto _ : state) {
    auto writer = OpenShardWriter(store, "part", Rows()->schema(), {}, pool.get()).ValueOrDie();
    for (int64_t at = 0; at < Rows()->num_rows(); at += 5000) {
      if (!writer->Write(Rows()->Slice(at, 5000)).ok()) state.SkipWithError("write");
    }
    file = writer->Finish().ValueOrDie();
  }
  Report(state, file.bytes);
}
BENCHMARK(BM_ShardWriter)
    ->Arg(0)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void BM_ArrowWriteTable(benchmark::State& state) {
  auto table = arrow::Table::FromRecordBatches({Rows()}).ValueOrDie();
  int64_t bytes = 0;
  parquet::WriterProperties::Builder properties;
  properties.compression(parquet::Compression::ZSTD)
      ->compression_level(1)
      ->max_row_group_length(131072);
  for (auto _ : state) {
    auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    auto status = parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 131072,
                                             properties.build());
    if (!status.ok()) state.SkipWithError("write");
    bytes = sink->Finish().ValueOrDie()->size();
  }
  Report(state, bytes);
}
BENCHMARK(BM_ArrowWriteTable)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

// One column at a time, to see where the time goes.
void BM_Column(benchmark::State& state) {
  auto rows = Rows()->SelectColumns({static_cast<int>(state.range(0))}).ValueOrDie();
  state.SetLabel(rows->schema()->field(0)->name());
  NullStore store;
  DataFile file;
  for (auto _ : state) {
    auto writer = OpenShardWriter(store, "part", rows->schema(), {}, nullptr).ValueOrDie();
    for (int64_t at = 0; at < rows->num_rows(); at += 5000) {
      if (!writer->Write(rows->Slice(at, 5000)).ok()) state.SkipWithError("write");
    }
    file = writer->Finish().ValueOrDie();
  }
  state.SetBytesProcessed(state.iterations() * LogicalBytes(*rows));
  state.counters["file_MB"] = static_cast<double>(file.bytes) / 1e6;
  state.counters["arrow_MB"] = static_cast<double>(LogicalBytes(*rows)) / 1e6;
}
BENCHMARK(BM_Column)->DenseRange(0, 19)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::io

BENCHMARK_MAIN();
