// How fast a mixture's schedule is told: positions per second, of three inputs.
#include <benchmark/benchmark.h>

#include <vector>

#include "mix/schedule.h"

namespace millrace::mix {
namespace {

void Fill(benchmark::State& state) {
  const Schedule schedule =
      Schedule::Make({{600'000, 200'000'000}, {300'000, 200'000'000}, {100'000, 200'000'000}},
                     Stop::kFirstExhausted, {}, 7)
          .ValueOrDie();
  constexpr int64_t kAtOnce = 1 << 20;
  std::vector<uint8_t> inputs(kAtOnce);
  int64_t position = 0;
  for (auto _ : state) {
    schedule.Fill(position, kAtOnce, inputs.data());
    benchmark::DoNotOptimize(inputs.data());
    position = (position + kAtOnce) % 100'000'000;
  }
  state.SetItemsProcessed(state.iterations() * kAtOnce);
}
BENCHMARK(Fill);

void Seek(benchmark::State& state) {
  const Schedule schedule =
      Schedule::Make({{600'000, 200'000'000}, {400'000, 200'000'000}}, Stop::kFirstExhausted, {}, 7)
          .ValueOrDie();
  int64_t position = 1;
  for (auto _ : state) {
    benchmark::DoNotOptimize(schedule.DrawnBefore(0, position));
    position = (position * 7919 + 1) % 100'000'000;
  }
}
BENCHMARK(Seek);

}  // namespace
}  // namespace millrace::mix

BENCHMARK_MAIN();
