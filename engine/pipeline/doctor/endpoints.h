// Asks what a config names whether it answers, within a time limit.
//
// Thread-safety: one thread per object.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/status.h"
#include "millrace/doctor.h"

namespace millrace::pipeline {

/// Sets a flag once the time is up, unless it is gone by then.
class Deadline {
 public:
  explicit Deadline(int64_t seconds);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  const std::atomic<bool>* passed() const { return &passed_; }

 private:
  std::atomic<bool> passed_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

/// The finding of a question that may fail: `good` as the message when it does not, what is wrong
/// and what helps when it does.
Finding Asked(
    const std::string& area, const std::string& what, int64_t seconds_max,
    const std::function<Result<std::string>(const std::atomic<bool>* cancelled)>& question);

struct WebQuestion {
  std::string url;
  std::string ca_file;
  bool allow_private = false;
};
/// The status that a web server answers with to a GET without any credentials; no redirect is
/// followed.
Result<int> AskWeb(const WebQuestion& question, int64_t seconds_max,
                   const std::atomic<bool>* cancelled);

}  // namespace millrace::pipeline
