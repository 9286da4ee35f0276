#include "pipeline/progress_ticker.h"

namespace millrace::pipeline {

ProgressTicker::ProgressTicker(const std::function<void(const RunProgress&)>& callback,
                               const stage::Progress& progress, const Fetched& fetched)
    : callback_(callback),
      progress_(progress),
      fetched_(fetched),
      start_(std::chrono::steady_clock::now()) {
  if (callback_) thread_ = std::thread([this] { Loop(); });
}

ProgressTicker::~ProgressTicker() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ProgressTicker::Enter(const std::string& phase) {
  std::lock_guard<std::mutex> lock(mutex_);
  phase_ = phase;
  before_.rows_read = progress_.rows_read;
  before_.rows_written = progress_.rows_written;
  before_.splits_total = progress_.splits_total;
  before_.splits_done = progress_.splits_done;
}

double ProgressTicker::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void ProgressTicker::Loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::milliseconds(200), [this] { return stopping_; })) {
    RunProgress now;
    now.phase = phase_;
    now.pages_fetched = fetched_.pages;
    now.bytes_total = progress_.bytes_total;
    now.bytes_read = progress_.bytes_read;
    now.rows_read = progress_.rows_read;
    now.rows_written = progress_.rows_written;
    now.rows_rejected = progress_.rows_rejected;
    now.splits_total = progress_.splits_total;
    now.splits_done = progress_.splits_done;
    now.splits_skipped = progress_.splits_skipped;
    now.phase_rows_read =
        phase_ == "fetch" ? fetched_.rows.load() : now.rows_read - before_.rows_read;
    now.phase_rows_written = now.rows_written - before_.rows_written;
    now.phase_splits_total = now.splits_total - before_.splits_total;
    now.phase_splits_done = now.splits_done - before_.splits_done;
    now.seconds = seconds();
    callback_(now);
  }
}

}  // namespace millrace::pipeline
