#include "bind/interruptible_run.h"

#include <nanobind/stl/string.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "bind/error_bridge.h"

namespace millrace::python {
namespace {

namespace nb = nanobind;

constexpr std::chrono::milliseconds kLookForSignals(50);

nb::dict ProgressDict(const RunProgress& now) {
  nb::dict dict;
  dict["phase"] = now.phase;
  dict["pages_fetched"] = now.pages_fetched;
  dict["bytes_total"] = now.bytes_total;
  dict["bytes_read"] = now.bytes_read;
  dict["rows_read"] = now.rows_read;
  dict["rows_written"] = now.rows_written;
  dict["rows_rejected"] = now.rows_rejected;
  dict["splits_total"] = now.splits_total;
  dict["splits_done"] = now.splits_done;
  dict["splits_skipped"] = now.splits_skipped;
  dict["phase_rows_read"] = now.phase_rows_read;
  dict["phase_rows_written"] = now.phase_rows_written;
  dict["phase_splits_total"] = now.phase_splits_total;
  dict["phase_splits_done"] = now.phase_splits_done;
  dict["seconds"] = now.seconds;
  return dict;
}

// The engine's side runs in a thread of its own and never touches Python.
class BackgroundRun {
 public:
  BackgroundRun(const Pipeline& pipeline, RunOptions options) {
    options.cancelled = &cancelled_;
    options.on_progress = [this](const RunProgress& now) {
      const std::lock_guard<std::mutex> lock(mutex_);
      progress_ = now;
    };
    thread_ = std::thread([this, &pipeline, options = std::move(options)] {
      Result<RunResult> result = RunPipeline(pipeline, options);
      const std::lock_guard<std::mutex> lock(mutex_);
      result_.emplace(std::move(result));
      wake_.notify_all();
    });
  }
  ~BackgroundRun() {
    cancelled_ = true;
    if (thread_.joinable()) thread_.join();
  }
  BackgroundRun(const BackgroundRun&) = delete;
  BackgroundRun& operator=(const BackgroundRun&) = delete;

  void Cancel() { cancelled_ = true; }
  bool WaitAWhile() {
    std::unique_lock<std::mutex> lock(mutex_);
    return wake_.wait_for(lock, kLookForSignals, [this] { return result_.has_value(); });
  }
  std::optional<RunProgress> TakeProgress() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(progress_, std::nullopt);
  }
  Result<RunResult> Finish() {
    thread_.join();
    return std::move(*result_);
  }

 private:
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<RunProgress> progress_;
  std::optional<Result<RunResult>> result_;
  std::thread thread_;
};

}  // namespace

RunResult RunInterruptibly(const Pipeline& pipeline, RunOptions options,
                           const nb::object& progress) {
  std::optional<nb::python_error> raised;
  std::optional<Result<RunResult>> result;
  {
    BackgroundRun run(pipeline, std::move(options));
    for (bool done = false; !done;) {
      {
        const nb::gil_scoped_release free;
        done = run.WaitAWhile();
      }
      try {
        if (PyErr_CheckSignals() != 0) throw nb::python_error();
        const auto now = run.TakeProgress();
        if (now && !raised && !progress.is_none()) progress(ProgressDict(*now));
      } catch (nb::python_error& error) {
        if (!raised) raised.emplace(std::move(error));
        run.Cancel();
      }
    }
    const nb::gil_scoped_release free;
    result.emplace(run.Finish());
  }
  if (raised) throw std::move(*raised);
  return OrThrow(std::move(*result));
}

}  // namespace millrace::python
