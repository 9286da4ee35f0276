// A clock that only sleeping moves.
#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include "io/http/clock.h"

namespace millrace::io::http {

class FakeClock : public Clock {
 public:
  Monotonic Now() override {
    std::lock_guard<std::mutex> lock(mutex_);
    return now_;
  }
  /// 2024-01-01T00:00:00Z and what has passed since.
  Wall WallNow() override {
    return Wall(std::chrono::seconds(1704067200)) +
           std::chrono::duration_cast<Wall::duration>(Now() - Monotonic());
  }
  Status SleepUntil(Monotonic time) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (time > now_) {
      slept_.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(time - now_));
      now_ = time;
    }
    return Status::OK();
  }
  void Advance(std::chrono::milliseconds by) {
    std::lock_guard<std::mutex> lock(mutex_);
    now_ += by;
  }
  /// Every wait that took time, in order.
  std::vector<std::chrono::milliseconds> slept() {
    std::lock_guard<std::mutex> lock(mutex_);
    return slept_;
  }

 private:
  std::mutex mutex_;
  Monotonic now_{};
  std::vector<std::chrono::milliseconds> slept_;
};

}  // namespace millrace::io::http
