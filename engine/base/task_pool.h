// A fixed number of worker threads taking tasks from two queues: urgent ones (they free memory,
// such as encoding a batch) before normal ones (they take it, such as parsing a chunk).
//
// Thread-safety: all members may be called from any thread. Tasks must not wait for other tasks.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace {

class TaskPool {
 public:
  enum class Priority { kUrgent, kNormal };

  /// REQUIRES: threads >= 1.
  explicit TaskPool(int threads);
  /// Runs what is queued to its end, then joins.
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  void Submit(std::function<void()> task, Priority priority = Priority::kNormal);
  int threads() const { return static_cast<int>(workers_.size()); }

 private:
  void WorkerLoop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> urgent_;
  std::deque<std::function<void()>> normal_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

/// Counts tasks that run elsewhere; Wait blocks until all have called Done.
class TaskLatch {
 public:
  void Add(int tasks = 1);
  void Done();
  void Wait();

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  int open_ = 0;
};

}  // namespace millrace
