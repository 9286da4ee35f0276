#include "io/http/rate_limiter.h"

#include <algorithm>

namespace millrace::io::http {

Status RateLimiter::Wait(const std::string& host, const Rate& rate) {
  Clock::Monotonic start{};
  if (rate.requests_per_second > 0) {
    const auto share = std::chrono::duration_cast<Clock::Monotonic::duration>(
        std::chrono::duration<double>(1 / rate.requests_per_second));
    std::lock_guard<std::mutex> lock(mutex_);
    Bucket& bucket = buckets_[host];
    bucket.taken_until = std::max(bucket.taken_until, clock_->Now()) + share;
    start = bucket.taken_until - share * std::max(1, rate.burst);
  }
  for (;;) {  // a pause may be lengthened while it is waited for
    {
      std::lock_guard<std::mutex> lock(mutex_);
      const auto found = buckets_.find(host);
      if (found != buckets_.end()) start = std::max(start, found->second.paused_until);
    }
    if (start <= clock_->Now()) return Status::OK();
    ARROW_RETURN_NOT_OK(clock_->SleepUntil(start));
  }
}

void RateLimiter::PauseUntil(const std::string& host, Clock::Monotonic time) {
  std::lock_guard<std::mutex> lock(mutex_);
  Bucket& bucket = buckets_[host];
  bucket.paused_until = std::max(bucket.paused_until, time);
}

}  // namespace millrace::io::http
