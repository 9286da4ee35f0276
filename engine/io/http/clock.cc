#include "io/http/clock.h"

#include <algorithm>
#include <thread>

namespace millrace::io::http {
namespace {

class SystemClock : public Clock {
 public:
  explicit SystemClock(const std::atomic<bool>* cancelled) : cancelled_(cancelled) {}
  Monotonic Now() override { return std::chrono::steady_clock::now(); }
  Wall WallNow() override { return std::chrono::system_clock::now(); }
  Status SleepUntil(Monotonic time) override {
    constexpr std::chrono::milliseconds kLook(50);
    for (Monotonic now = Now(); now < time; now = Now()) {
      if (cancelled_ != nullptr && *cancelled_) return Status::Cancelled("interrupted");
      std::this_thread::sleep_until(std::min(time, now + kLook));
    }
    return Status::OK();
  }

 private:
  const std::atomic<bool>* cancelled_;
};

}  // namespace

std::shared_ptr<Clock> MakeSystemClock(const std::atomic<bool>* cancelled) {
  return std::make_shared<SystemClock>(cancelled);
}

}  // namespace millrace::io::http
