// Lets a few in at a time: bounds the memory of uploads that go on at once.
//
// Thread-safety: all of it.
#pragma once

#include <condition_variable>
#include <mutex>

namespace millrace::io {

class Gate {
 public:
  explicit Gate(int places) : places_(places) {}
  void Enter() {
    std::unique_lock<std::mutex> lock(mutex_);
    free_.wait(lock, [this] { return places_ > 0; });
    --places_;
  }
  void Leave() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++places_;
    }
    free_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  int places_;
};

}  // namespace millrace::io
