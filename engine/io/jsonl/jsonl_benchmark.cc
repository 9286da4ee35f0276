// Cutting and parsing of JSONL in memory, on one thread. "bytes_per_second" is text read.
//   typical: 10 members, short strings and numbers, 5 requested
//   nested:  a third of the bytes in objects and arrays, values requested by path
//   corpus:  few members, long texts full of escapes, all requested
//   wide:    60 members, 3 requested
//   array:   the typical records as one JSON array
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "io/jsonl/jsonl_reader.h"

namespace millrace::io {
namespace {

constexpr size_t kFileBytes = 64 << 20;
using Random = std::mt19937_64;

std::string Words(Random& random, int words, const char* separator) {
  static const char* const kWords[] = {"the",    "account",  "payment", "login",
                                       "naïve",  "browser",  "failed",  "again",
                                       "please", "customer", "日本",    "of"};
  std::string text;
  for (int i = 0; i < words; ++i) {
    if (i > 0) text += random() % 12 == 0 ? separator : " ";
    text += kWords[random() % 12];
  }
  return text;
}

std::string Number(Random& random, uint64_t below) { return std::to_string(random() % below); }

std::string Typical(Random& random) {
  return "{\"id\":" + Number(random, 1000000000) + ",\"user\":\"u" + Number(random, 100000) +
         "\",\"created\":\"2026-11-" + std::to_string(10 + random() % 20) +
         "T12:34:56Z\",\"amount\":" + Number(random, 10000) + "." +
         std::to_string(10 + random() % 90) + ",\"active\":" + (random() % 2 ? "true" : "false") +
         ",\"country\":\"DE\",\"subject\":\"" + Words(random, 5, " ") + "\",\"score\":0." +
         Number(random, 1000000) + ",\"tag\":null,\"body\":\"" + Words(random, 14, ", ") + "\"}";
}

std::string Nested(Random& random) {
  return "{\"doc\":{\"id\":\"k" + Number(random, 1000000) +
         "\",\"meta\":{\"lang\":\"en\",\"size\":" + Number(random, 10000) +
         ",\"tags\":[\"a\",\"b\",\"c\"]},\"text\":\"" + Words(random, 20, "; ") +
         "\"},\"spans\":[{\"b\":1,\"e\":5},{\"b\":7,\"e\":" + Number(random, 100) +
         "}],\"source\":\"kb\"}";
}

std::string Corpus(Random& random) {
  return "{\"id\":\"" + Number(random, 1000000) + "\",\"text\":\"" +
         Words(random, 400, "\\n\\\"quoted\\\" \\u00e9 ") +
         "\",\"url\":\"https:\\/\\/example.org\\/" + Number(random, 1000) + "\"}";
}

std::string Wide(Random& random) {
  std::string record = "{";
  for (int i = 0; i < 60; ++i) {
    record += (i > 0 ? ",\"column_" : "\"column_") + std::to_string(i) +
              "\":" + (i % 3 == 0 ? "\"" + Words(random, 1, "") + "\"" : Number(random, 100000));
  }
  return record + "}";
}

std::string File(std::string (*record)(Random&), bool array = false) {
  Random random(20261121);
  std::string text = array ? "[" : "";
  while (text.size() < kFileBytes) text += record(random) + (array ? ",\n" : "\n");
  return array ? text + "{}]" : text;
}

/// Over text that it does not own: nothing is copied but what the reader asks for.
class ViewStream : public ByteStream {
 public:
  explicit ViewStream(const std::string& text) : text_(text) {}
  Result<int64_t> Read(int64_t bytes, uint8_t* out) override {
    const size_t take = std::min(static_cast<size_t>(bytes), text_.size() - at_);
    std::memcpy(out, text_.data() + at_, take);
    at_ += take;
    return static_cast<int64_t>(take);
  }
  Compression compression() const override { return Compression::kNone; }
  int64_t raw_bytes_read() const override { return static_cast<int64_t>(at_); }
  Result<std::string> ContentSha256() override { return std::string(); }

 private:
  const std::string& text_;
  size_t at_ = 0;
};

void Run(benchmark::State& state, const std::string& text, const std::vector<std::string>& paths) {
  Projection projection;
  for (const std::string& path : paths) projection.fields.push_back({path, false});
  int64_t rows = 0;
  for (auto _ : state) {
    auto reader =
        OpenJsonl(std::make_unique<ViewStream>(text), JsonlOptions(), projection).ValueOrDie();
    while (auto chunk = reader->Next().ValueOrDie()) {
      rows += reader->Parse(*chunk).ValueOrDie().columns->num_rows();
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
  state.SetItemsProcessed(rows);
}

void BM_Typical(benchmark::State& state) {
  static const std::string text = File(Typical);
  Run(state, text, {"id", "created", "amount", "subject", "body"});
}
void BM_TypicalAll(benchmark::State& state) {
  static const std::string text = File(Typical);
  Run(state, text,
      {"id", "user", "created", "amount", "active", "country", "subject", "score", "tag", "body"});
}
void BM_Nested(benchmark::State& state) {
  static const std::string text = File(Nested);
  Run(state, text, {"doc.id", "doc.text", "doc.meta.tags[1]", "spans[0].b"});
}
void BM_Corpus(benchmark::State& state) {
  static const std::string text = File(Corpus);
  Run(state, text, {"id", "text", "url"});
}
void BM_Wide(benchmark::State& state) {
  static const std::string text = File(Wide);
  Run(state, text, {"column_1", "column_30", "column_57"});
}
void BM_Array(benchmark::State& state) {
  static const std::string text = File(Typical, true);
  Run(state, text, {"id", "created", "amount", "subject", "body"});
}
void BM_CutOnly(benchmark::State& state) {
  const std::string text = File(Typical, state.range(0) != 0);
  for (auto _ : state) {
    auto reader =
        OpenJsonl(std::make_unique<ViewStream>(text), JsonlOptions(), Projection()).ValueOrDie();
    while (auto chunk = reader->Next().ValueOrDie()) benchmark::DoNotOptimize(chunk->index);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}

BENCHMARK(BM_Typical)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_TypicalAll)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Nested)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Corpus)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Wide)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Array)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CutOnly)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::io

BENCHMARK_MAIN();
