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
  BackgroundRun(const Pipeline& pipeline, RunOptions options, bool tells_events) {
    if (tells_events) {
      options.on_stage_event = [this](const std::string& json) { Tell(json); };
    }
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
    EventDone();
    if (!thread_.joinable()) return;
    const nb::gil_scoped_release free;  // operators in Python may want it
    thread_.join();
  }
  BackgroundRun(const BackgroundRun&) = delete;
  BackgroundRun& operator=(const BackgroundRun&) = delete;

  void Cancel() { cancelled_ = true; }
  bool WaitAWhile() {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait_for(lock, kLookForSignals,
                   [this] { return result_.has_value() || event_.has_value(); });
    return result_.has_value();
  }
  std::optional<RunProgress> TakeProgress() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(progress_, std::nullopt);
  }
  std::optional<std::string> Event() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return event_;
  }
  /// What it was told of was looked at: the run goes on.
  void EventDone() {
    const std::lock_guard<std::mutex> lock(mutex_);
    event_.reset();
    heard_.notify_all();
  }
  Result<RunResult> Finish() {
    thread_.join();
    return std::move(*result_);
  }

 private:
  void Tell(const std::string& json) {
    std::unique_lock<std::mutex> lock(mutex_);
    event_ = json;
    wake_.notify_all();
    heard_.wait(lock, [this] { return !event_.has_value(); });
  }

  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable wake_, heard_;
  std::optional<RunProgress> progress_;
  std::optional<std::string> event_;
  std::optional<Result<RunResult>> result_;
  std::thread thread_;
};

// What it raises would hide why the run was cancelled.
void Cancel(const nb::object& on_cancel) {
  try {
    on_cancel();
  } catch (nb::python_error& error) {
    error.discard_as_unraisable("while a run was cancelled");
  }
}

}  // namespace

RunResult RunInterruptibly(const Pipeline& pipeline, RunOptions options,
                           const RunListeners& listeners) {
  std::optional<nb::python_error> raised;
  std::optional<Result<RunResult>> result;
  {
    BackgroundRun run(pipeline, std::move(options), !listeners.on_stage_event.is_none());
    for (bool done = false; !done;) {
      {
        const nb::gil_scoped_release free;
        done = run.WaitAWhile();
      }
      const std::optional<std::string> event = run.Event();
      try {
        if (PyErr_CheckSignals() != 0) throw nb::python_error();
        const auto now = run.TakeProgress();
        if (now && !raised && !listeners.progress.is_none()) {
          listeners.progress(ProgressDict(*now));
        }
        if (event && !raised) listeners.on_stage_event(*event);
      } catch (nb::python_error& error) {
        run.Cancel();
        if (!raised) {
          raised.emplace(std::move(error));
          if (!listeners.on_cancel.is_none()) Cancel(listeners.on_cancel);
        }
      }
      if (event) run.EventDone();
    }
    const nb::gil_scoped_release free;
    result.emplace(run.Finish());
  }
  if (raised) throw std::move(*raised);
  return OrThrow(std::move(*result));
}

}  // namespace millrace::python
