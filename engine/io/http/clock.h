// Time as HTTP's waits see it, handed in so that tests need not wait.
//
// Thread-safety: any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "base/status.h"

namespace millrace::io::http {

class Clock {
 public:
  using Monotonic = std::chrono::steady_clock::time_point;
  using Wall = std::chrono::system_clock::time_point;

  virtual ~Clock() = default;
  virtual Monotonic Now() = 0;
  /// What the calendar says: only to read dates that servers send.
  virtual Wall WallNow() = 0;
  /// Cancelled when the run is interrupted before the time has come.
  virtual Status SleepUntil(Monotonic time) = 0;
};

/// `cancelled` may be null; it is looked at twenty times a second.
std::shared_ptr<Clock> MakeSystemClock(const std::atomic<bool>* cancelled);

}  // namespace millrace::io::http
