// Casting beside Arrow's own cast of the same texts in the same run. Bytes are bytes of text.
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <benchmark/benchmark.h>

#include <cstdio>
#include <random>

#include "contract/binding.h"
#include "contract/cast/parse_time.h"
#include "contract/cast/text_cast.h"
#include "contract/contract.h"

namespace millrace::contract {
namespace {

constexpr int64_t kRows = 65536;

std::shared_ptr<arrow::StringArray> TextsOf(const std::string& kind) {
  std::mt19937_64 random(7);
  arrow::StringBuilder builder;
  for (int64_t i = 0; i < kRows; ++i) {
    char text[64];
    const auto n = static_cast<long long>(random() >> (random() % 60));
    if (kind == "int") {
      std::snprintf(text, sizeof text, "%lld", n >> 1);
    } else if (kind == "float") {
      std::snprintf(text, sizeof text, "%.4f", static_cast<double>(n % 100000000) / 10000);
    } else if (kind == "digits16") {
      std::snprintf(text, sizeof text, "%.16g", static_cast<double>(n) / 1e7);
    } else if (kind == "words") {
      std::snprintf(text, sizeof text, "some words that are %lld long", n);
    } else {
      int64_t year = 0;
      unsigned month = 0, day = 0;
      CivilFromDays(static_cast<int64_t>(random() % 20000), &year, &month, &day);
      int used = std::snprintf(text, sizeof text, "%04lld-%02u-%02u", static_cast<long long>(year),
                               month, day);
      if (kind == "timestamp") {
        std::snprintf(text + used, sizeof text - static_cast<size_t>(used), "T%02d:%02d:%02d",
                      static_cast<int>(random() % 24), static_cast<int>(random() % 60),
                      static_cast<int>(random() % 60));
      } else if (kind == "slashes") {
        std::snprintf(text, sizeof text, "%02u/%02u/%04lld", day, month,
                      static_cast<long long>(year));
      }
    }
    (void)builder.Append(text);
  }
  std::shared_ptr<arrow::StringArray> array;
  (void)builder.Finish(&array);
  return array;
}

void Ours(benchmark::State& state, const char* kind, const char* type, TextCastOptions options) {
  const auto texts = TextsOf(kind);
  const auto cast = MakeTextCast(ParseType(type, nullptr).ValueOrDie(), options).ValueOrDie();
  for (auto _ : state) {
    auto result = cast->Cast(texts).ValueOrDie();
    if (!result.failures.empty()) state.SkipWithError("a text failed");
    benchmark::DoNotOptimize(result.values);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * texts->total_values_length());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
}

void Arrow(benchmark::State& state, const char* kind, const char* type) {
  (void)arrow::compute::Initialize();
  const auto texts = TextsOf(kind);
  const auto target = ParseType(type, nullptr).ValueOrDie();
  for (auto _ : state) {
    auto result = arrow::compute::Cast(*texts, target).ValueOrDie();
    benchmark::DoNotOptimize(result);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * texts->total_values_length());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
}

// A whole batch: cast, rules and filter; one row in `bad_every` is rejected.
void WholeBatch(benchmark::State& state, int64_t bad_every) {
  Contract contract;
  const std::pair<const char*, const char*> kinds[] = {{"int", "int64"},
                                                       {"float", "float64"},
                                                       {"day", "date"},
                                                       {"timestamp", "timestamp[us]"},
                                                       {"words", "string"}};
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  int64_t bytes = 0;
  for (const auto& [kind, type] : kinds) {
    Column column;
    column.name = kind;
    column.type_text = type;
    column.type = ParseType(type, nullptr).ValueOrDie();
    column.required = true;
    if (column.name == "words") column.length_min = 3, column.length_max = 1000;
    contract.columns.push_back(column);
    auto texts = TextsOf(kind);
    bytes += texts->total_values_length();
    if (column.name == "int" && bad_every > 0) {
      arrow::StringBuilder builder;
      for (int64_t i = 0; i < kRows; ++i)
        (void)builder.Append(i % bad_every == 0 ? "bad" : texts->GetView(i));
      (void)builder.Finish(&texts);
    }
    fields.push_back(arrow::field(kind, arrow::utf8()));
    arrays.push_back(texts);
  }
  const auto binding = Bind(contract, "").ValueOrDie();
  io::RawBatch raw;
  raw.columns = arrow::RecordBatch::Make(arrow::schema(fields), kRows, arrays);
  raw.records = kRows;
  (void)binding->BindFile(*raw.columns->schema());
  for (auto _ : state) benchmark::DoNotOptimize(binding->Apply(raw, io::Chunk{}).ValueOrDie());
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * bytes);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kRows);
}

TextCastOptions Format(const char* format) {
  TextCastOptions options;
  options.formats = {format};
  return options;
}

BENCHMARK_CAPTURE(Ours, int64, "int", "int64", {});
BENCHMARK_CAPTURE(Arrow, int64, "int", "int64");
BENCHMARK_CAPTURE(Ours, float64, "float", "float64", {});
BENCHMARK_CAPTURE(Arrow, float64, "float", "float64");
BENCHMARK_CAPTURE(Ours, float64_16_digits, "digits16", "float64", {});
BENCHMARK_CAPTURE(Arrow, float64_16_digits, "digits16", "float64");
BENCHMARK_CAPTURE(Ours, decimal, "float", "decimal(18,4)", {});
BENCHMARK_CAPTURE(Arrow, decimal, "float", "decimal(18,4)");
BENCHMARK_CAPTURE(Ours, date, "day", "date", {});
BENCHMARK_CAPTURE(Arrow, date, "day", "date");
BENCHMARK_CAPTURE(Ours, date_pattern, "slashes", "date", Format("%d/%m/%Y"));
BENCHMARK_CAPTURE(Ours, timestamp, "timestamp", "timestamp[us]", {});
BENCHMARK_CAPTURE(Arrow, timestamp, "timestamp", "timestamp[us]");
BENCHMARK_CAPTURE(Ours, timestamp_pattern, "timestamp", "timestamp[us]", Format("%FT%T"));
BENCHMARK_CAPTURE(Ours, string, "words", "string", {});
BENCHMARK_CAPTURE(WholeBatch, clean, 0);
BENCHMARK_CAPTURE(WholeBatch, one_reject_in_1000, 1000);

}  // namespace
}  // namespace millrace::contract

BENCHMARK_MAIN();
