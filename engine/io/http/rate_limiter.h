// How often a host may be asked: one limiter for all requests of a run, whoever makes them.
//
// Thread-safety: any thread. Requests are let through in the order in which they ask.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "io/http/clock.h"

namespace millrace::io::http {

struct Rate {
  double requests_per_second = 0;  // 0: no limit
  int burst = 1;                   // so many may go at once after a rest; 1 or more
};

class RateLimiter {
 public:
  explicit RateLimiter(std::shared_ptr<Clock> clock) : clock_(std::move(clock)) {}

  /// Waits until a request to `host` may go. Callers with different rates for one host share its
  /// time: each request takes as much of it as its own rate says.
  Status Wait(const std::string& host, const Rate& rate);
  /// Lets nothing to `host` through before `time`: the server has asked for a rest.
  void PauseUntil(const std::string& host, Clock::Monotonic time);

 private:
  struct Bucket {
    Clock::Monotonic taken_until{};  // the time that requests have used up
    Clock::Monotonic paused_until{};
  };

  std::shared_ptr<Clock> clock_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace millrace::io::http
