#include "io/http/rate_limiter.h"

#include <doctest/doctest.h>

#include "io/http/testing/fake_clock.h"

namespace millrace::io::http {
namespace {

using std::chrono::milliseconds;

/// When, in milliseconds, each of `count` requests was let through.
std::vector<int64_t> Times(RateLimiter* limiter, FakeClock* clock, const Rate& rate, int count) {
  std::vector<int64_t> times;
  for (int i = 0; i < count; ++i) {
    REQUIRE(limiter->Wait("h", rate).ok());
    times.push_back(
        std::chrono::duration_cast<milliseconds>(clock->Now() - Clock::Monotonic()).count());
  }
  return times;
}

}  // namespace

TEST_CASE("a rate is held, and a rest is worth no more than the burst") {
  const auto clock = std::make_shared<FakeClock>();
  RateLimiter limiter(clock);
  clock->Advance(milliseconds(60'000));
  CHECK(Times(&limiter, clock.get(), {10, 1}, 4) ==
        std::vector<int64_t>{60'000, 60'100, 60'200, 60'300});
  clock->Advance(milliseconds(9'700));
  CHECK(Times(&limiter, clock.get(), {10, 3}, 5) ==
        std::vector<int64_t>{70'000, 70'000, 70'000, 70'100, 70'200});
}

TEST_CASE("hosts do not share a rate, and no rate is no wait") {
  const auto clock = std::make_shared<FakeClock>();
  RateLimiter limiter(clock);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(limiter.Wait("a", {}).ok());
    REQUIRE(limiter.Wait("host " + std::to_string(i), {1, 1}).ok());
  }
  CHECK(clock->slept().empty());
}

TEST_CASE("a pause holds everybody back, rate or not") {
  const auto clock = std::make_shared<FakeClock>();
  RateLimiter limiter(clock);
  limiter.PauseUntil("h", clock->Now() + milliseconds(5000));
  limiter.PauseUntil("h", clock->Now() + milliseconds(1000));  // does not shorten it
  CHECK(Times(&limiter, clock.get(), {}, 2) == std::vector<int64_t>{5000, 5000});
  REQUIRE(limiter.Wait("other", {}).ok());
}

}  // namespace millrace::io::http
