#include "base/task_pool.h"

#include "base/status.h"

namespace millrace {

TaskPool::TaskPool(int threads) {
  MILLRACE_CHECK(threads >= 1);
  for (int i = 0; i < threads; ++i) workers_.emplace_back([this] { WorkerLoop(); });
}

TaskPool::~TaskPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void TaskPool::Submit(std::function<void()> task, Priority priority) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    (priority == Priority::kUrgent ? urgent_ : normal_).push_back(std::move(task));
  }
  wake_.notify_one();
}

void TaskPool::WorkerLoop() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !urgent_.empty() || !normal_.empty(); });
      std::deque<std::function<void()>>& queue = urgent_.empty() ? normal_ : urgent_;
      if (queue.empty()) return;  // stopping, and nothing is left
      task = std::move(queue.front());
      queue.pop_front();
    }
    task();
  }
}

void TaskLatch::Add(int tasks) {
  std::lock_guard<std::mutex> lock(mutex_);
  open_ += tasks;
}

void TaskLatch::Done() {
  std::lock_guard<std::mutex> lock(mutex_);
  MILLRACE_CHECK(open_ > 0);
  if (--open_ == 0) wake_.notify_all();
}

void TaskLatch::Wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  wake_.wait(lock, [this] { return open_ == 0; });
}

}  // namespace millrace
