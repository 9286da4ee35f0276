// Our CSV reader and Arrow's on the same bytes, all columns as text, one thread.
// The file: MILLRACE_BENCH_CSV, for example of bench/make_data.
#include <arrow/csv/api.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "io/csv/csv_reader.h"

namespace millrace::io {
namespace {

const std::string& Text() {
  static const std::string text = [] {
    const char* path = std::getenv("MILLRACE_BENCH_CSV");
    if (path == nullptr) return std::string();
    std::ifstream in(path, std::ios::binary);
    std::stringstream content;
    content << in.rdbuf();
    return content.str();
  }();
  return text;
}

// Over the shared bytes: a copy of them would be timed with the reader.
class TextStream : public ByteStream {
 public:
  Result<int64_t> Read(int64_t bytes, uint8_t* out) override {
    const auto count = std::min(static_cast<size_t>(bytes), Text().size() - position_);
    std::memcpy(out, Text().data() + position_, count);
    position_ += count;
    return static_cast<int64_t>(count);
  }
  Compression compression() const override { return Compression::kNone; }
  int64_t raw_bytes_read() const override { return static_cast<int64_t>(position_); }
  Result<std::string> ContentSha256() override { return std::string(); }

 private:
  size_t position_ = 0;
};

bool Ready(benchmark::State& state) {
  if (!Text().empty()) return true;
  state.SkipWithError("MILLRACE_BENCH_CSV names no file");
  return false;
}

void Count(benchmark::State& state, int64_t rows) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(Text().size()));
  state.counters["rows"] = static_cast<double>(rows);
}

void Millrace(benchmark::State& state, bool parse, bool exact) {
  if (!Ready(state)) return;
  Projection all;
  all.all = true;
  CsvOptions options;
  options.force_exact = exact;
  int64_t rows = 0;
  for (auto _ : state) {
    rows = 0;
    auto reader = OpenCsv(std::make_unique<TextStream>(), options, all).ValueOrDie();
    while (auto chunk = reader->Next().ValueOrDie()) {
      if (parse) rows += reader->Parse(*chunk).ValueOrDie().columns->num_rows();
    }
  }
  Count(state, rows);
}
BENCHMARK_CAPTURE(Millrace, cut_and_parse, true, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Millrace, cut_only, false, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Millrace, exact_machine, true, true)->Unit(benchmark::kMillisecond);

void Arrow(benchmark::State& state) {
  if (!Ready(state)) return;
  int64_t rows = 0;
  for (auto _ : state) {
    rows = 0;
    auto read = arrow::csv::ReadOptions::Defaults();
    read.use_threads = false;
    auto parse = arrow::csv::ParseOptions::Defaults();
    parse.newlines_in_values = true;
    auto convert = arrow::csv::ConvertOptions::Defaults();
    const std::string head = Text().substr(0, Text().find('\n'));
    std::stringstream names(head);
    for (std::string name; std::getline(names, name, ',');) {
      convert.column_types[name] = arrow::utf8();
    }
    auto reader =
        arrow::csv::StreamingReader::Make(
            arrow::io::default_io_context(),
            std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(Text())),
            read, parse, convert)
            .ValueOrDie();
    for (std::shared_ptr<arrow::RecordBatch> batch; reader->ReadNext(&batch).ok() && batch;) {
      rows += batch->num_rows();
    }
  }
  Count(state, rows);
}
BENCHMARK(Arrow)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::io

BENCHMARK_MAIN();
