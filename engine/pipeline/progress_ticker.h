// Tells a run's progress to whoever asked for it, about five times a second, while it works.
// Thread-safety: Enter and seconds may be called from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "millrace/pipeline.h"
#include "stage/ingest.h"

namespace millrace::pipeline {

class ProgressTicker {
 public:
  /// What is fetched before anything is read: pages of APIs, rows of streams.
  struct Fetched {
    std::atomic<int64_t> pages{0}, rows{0};
  };
  /// Keeps references to all three; without a callback it does nothing.
  ProgressTicker(const std::function<void(const RunProgress&)>& callback,
                 const stage::Progress& progress, const Fetched& fetched);
  ~ProgressTicker();
  ProgressTicker(const ProgressTicker&) = delete;
  ProgressTicker& operator=(const ProgressTicker&) = delete;

  void Enter(const std::string& phase);
  /// Since it was made.
  double seconds() const;

 private:
  void Loop();

  const std::function<void(const RunProgress&)>& callback_;
  const stage::Progress& progress_;
  const Fetched& fetched_;
  std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string phase_ = "plan";
  RunProgress before_;  // the phase
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace millrace::pipeline
