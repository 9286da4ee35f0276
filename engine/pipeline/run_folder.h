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
#include <utility>

#include "base/status.h"
#include "io/store.h"

namespace millrace::pipeline {

/// "2026-11-25T09:30:00.000Z": a time of the system's clock, in nanoseconds since 1970, and now.
std::string UtcTime(int64_t nanoseconds);
std::string UtcNow();

/// Key of the folder, for example "runs/0f3a21bc9d4e.1". REQUIRES: the workspace is locked.
Result<std::string> OpenRunFolder(io::Store& workspace, const std::string& plan_id);

/// What a run that was told to stop after a stage has done so far, as a report without exports.
/// Gone when the run is over.
inline constexpr char kStoppedReport[] = "stopped.json";

/// attempts/<m>.jsonl: one event per line, written through at once so that it tells of a crash. On
/// an object store, which cannot append, it is put anew every few seconds and at its end.
/// Thread-safety: Event may be called from any thread.
class AttemptLog {
 public:
  using Fields = std::map<std::string, std::string>;

  /// The workspace must outlive the log.
  static Result<std::unique_ptr<AttemptLog>> Open(io::Store& workspace,
                                                  const std::string& run_folder);
  ~AttemptLog();
  AttemptLog(const AttemptLog&) = delete;
  AttemptLog& operator=(const AttemptLog&) = delete;

  void Event(const std::string& event, const Fields& fields);

 private:
  AttemptLog(io::Store& store, std::string key, std::FILE* file)
      : store_(store), key_(std::move(key)), file_(file) {}
  void PutWhole();

  io::Store& store_;
  std::string key_;
  std::mutex mutex_;
  std::FILE* file_;   // null on an object store
  std::string text_;  // there, all of the log
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now(), put_ = start_;
};

}  // namespace millrace::pipeline
