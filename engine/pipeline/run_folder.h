// A run's folder in the workspace, runs/<plan_id>.<n>/, and the log of an attempt in it.
//
// A run is complete when its report.json is there: that is written last. A run that is not
// complete is continued in its folder by the next attempt; a complete one is followed by n + 1.
// Only the attempt log knows clock, host and process; nothing that decides anything reads it.
#pragma once

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "io/store.h"

namespace millrace::pipeline {

/// Key of the folder, for example "runs/0f3a21bc9d4e.1". REQUIRES: the workspace is locked.
Result<std::string> OpenRunFolder(io::Store& workspace, const std::string& plan_id);

/// attempts/<m>.jsonl: one event per line, written through at once so that it tells of a crash.
/// Thread-safety: Event may be called from any thread.
class AttemptLog {
 public:
  using Fields = std::map<std::string, std::string>;

  static Result<std::unique_ptr<AttemptLog>> Open(io::Store& workspace,
                                                  const std::string& run_folder);
  ~AttemptLog();
  AttemptLog(const AttemptLog&) = delete;
  AttemptLog& operator=(const AttemptLog&) = delete;

  void Event(const std::string& event, const Fields& fields);

 private:
  explicit AttemptLog(std::FILE* file) : file_(file), start_(std::chrono::steady_clock::now()) {}

  std::mutex mutex_;
  std::FILE* file_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace millrace::pipeline
