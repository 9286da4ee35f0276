#include "stage/ordered_queue.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace::stage {
namespace {

class OrderedQueue {
 public:
  OrderedQueue(size_t count, const OrderedWork& work)
      : count_(count),
        work_(work),
        failed_(count),
        stops_(std::make_unique<std::atomic<bool>[]>(count)) {}

  Status Run(int at_once, size_t* failed) {
    const size_t drivers = std::min(count_, static_cast<size_t>(std::max(at_once, 1)));
    std::vector<std::thread> threads;
    for (size_t i = 1; i < drivers; ++i) threads.emplace_back([this] { Drive(); });
    Drive();
    for (std::thread& thread : threads) thread.join();
    *failed = failed_;
    return error_;
  }

 private:
  void Drive() {
    for (;;) {
      size_t index;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        if (next_ >= failed_) return;  // also the end: failed_ starts behind the last piece
        index = next_++;
      }
      const Status status = work_(index, stops_[index]);
      if (!status.ok()) Fail(index, status);
    }
  }

  void Fail(size_t index, const Status& error) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (index >= failed_) return;  // stopped because of an earlier piece's error
    failed_ = index;
    error_ = error;
    for (size_t i = index + 1; i < next_; ++i) stops_[i] = true;
  }

  const size_t count_;
  const OrderedWork& work_;
  std::mutex mutex_;
  size_t next_ = 0, failed_;
  Status error_;
  std::unique_ptr<std::atomic<bool>[]> stops_;
};

}  // namespace

Status RunInOrder(size_t count, int at_once, const OrderedWork& work, size_t* failed) {
  *failed = count;
  return count == 0 ? Status::OK() : OrderedQueue(count, work).Run(at_once, failed);
}

}  // namespace millrace::stage
