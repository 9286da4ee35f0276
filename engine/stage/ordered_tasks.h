// Work on pieces in parallel, taken back in order: what one reader cuts and one writer wants in its
// turn. The caller bounds what is under way by the cost that it gives each piece.
//
// Thread-safety: one thread adds and takes; the work runs on the pool.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "base/task_pool.h"

namespace millrace::stage {

template <typename T>
class OrderedTasks {
 public:
  explicit OrderedTasks(TaskPool& pool) : pool_(pool) {}
  /// What has not begun is left undone; what has is waited for, for it may refer to the caller.
  ~OrderedTasks() {
    abandoned_ = true;
    running_.Wait();
  }
  OrderedTasks(const OrderedTasks&) = delete;
  OrderedTasks& operator=(const OrderedTasks&) = delete;

  bool empty() const { return window_.empty(); }
  /// Of what has been added and not been taken.
  int64_t cost() const { return cost_; }

  void Add(int64_t cost, std::function<Result<T>()> work) {
    auto slot = std::make_shared<Slot>();
    slot->cost = cost;
    slot->work = std::move(work);
    cost_ += cost;
    window_.push_back(slot);
    running_.Add();
    pool_.Submit([this, slot] {
      slot->Finish(abandoned_ ? Result<T>(Status::Cancelled("abandoned")) : slot->work());
      running_.Done();
    });
  }

  /// The oldest, when it is done. REQUIRES: not empty.
  Result<T> Take() {
    const std::shared_ptr<Slot> slot = std::move(window_.front());
    window_.pop_front();
    cost_ -= slot->cost;
    return slot->Take();
  }

 private:
  struct Slot {
    int64_t cost = 0;
    std::function<Result<T>()> work;
    std::mutex mutex;
    std::condition_variable wake;
    bool done = false;
    Result<T> result{Status::UnknownError("not done")};

    void Finish(Result<T> found) {
      work = nullptr;  // what it held is free before the result is waited for
      std::lock_guard<std::mutex> lock(mutex);
      result = std::move(found);
      done = true;
      wake.notify_one();
    }
    Result<T> Take() {
      std::unique_lock<std::mutex> lock(mutex);
      wake.wait(lock, [this] { return done; });
      return std::move(result);
    }
  };

  TaskPool& pool_;
  std::deque<std::shared_ptr<Slot>> window_;
  int64_t cost_ = 0;
  std::atomic<bool> abandoned_{false};
  TaskLatch running_;
};

/// `work` for 0 to count - 1 on the pool, a few ahead, and `take` of each result in order.
template <typename T, typename Work, typename Taker>
Status ForEachInOrder(TaskPool& pool, size_t count, const Work& work, const Taker& take) {
  constexpr int64_t kAhead = 16;
  OrderedTasks<T> tasks(pool);
  const auto take_one = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(T result, tasks.Take());
    return take(std::move(result));
  };
  for (size_t i = 0; i < count; ++i) {
    if (tasks.cost() == kAhead) ARROW_RETURN_NOT_OK(take_one());
    tasks.Add(1, [&work, i] { return work(i); });
  }
  while (!tasks.empty()) ARROW_RETURN_NOT_OK(take_one());
  return Status::OK();
}

}  // namespace millrace::stage
