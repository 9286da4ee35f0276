#include "io/parquet/background_writer.h"

#include <utility>

namespace millrace::io {

BackgroundWriter::BackgroundWriter(std::unique_ptr<ShardWriter> writer, int64_t queue_bytes)
    : writer_(std::move(writer)), queue_bytes_(queue_bytes), thread_([this] { Loop(); }) {}

BackgroundWriter::~BackgroundWriter() {
  if (!thread_.joinable()) return;
  Close(/*abandon=*/true);
  thread_.join();
}

void BackgroundWriter::Close(bool abandon) {
  std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  abandoned_ |= abandon;
  wake_.notify_all();
}

Status BackgroundWriter::Write(std::shared_ptr<arrow::RecordBatch> batch) {
  const int64_t bytes = LogicalBytes(*batch);
  std::unique_lock<std::mutex> lock(mutex_);
  MILLRACE_CHECK(!closed_);
  wake_.wait(lock, [&] {
    return !failed_.ok() || queue_.empty() || queued_bytes_ + bytes <= queue_bytes_;
  });
  ARROW_RETURN_NOT_OK(failed_);
  queue_.push_back({std::move(batch), bytes});
  queued_bytes_ += bytes;
  wake_.notify_all();
  return Status::OK();
}

void BackgroundWriter::StartFinish() { Close(/*abandon=*/false); }

Result<DataFile> BackgroundWriter::Finish() {
  MILLRACE_CHECK(thread_.joinable());
  StartFinish();
  thread_.join();
  return std::move(file_);
}

void BackgroundWriter::Loop() {
  for (;;) {
    Waiting next;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return closed_ || !queue_.empty(); });
      if (abandoned_) return;
      if (queue_.empty()) break;
      next = std::move(queue_.front());
      queue_.pop_front();
      queued_bytes_ -= next.bytes;
      wake_.notify_all();
    }
    const Status written = writer_->Write(next.rows);
    if (written.ok()) continue;
    std::lock_guard<std::mutex> lock(mutex_);
    failed_ = written;
    file_ = written;
    queue_.clear();
    wake_.notify_all();
    return;
  }
  file_ = writer_->Finish();
}

}  // namespace millrace::io
