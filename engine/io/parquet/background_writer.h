// A ShardWriter on a thread of its own: whoever brings the rows goes on while they are encoded and
// while a finished file is made durable. Rows wait in a queue bounded by bytes.
//
// Thread-safety: one thread at a time. Errors: a failure comes back from a later call, at the
// latest from Finish.
#pragma once

#include <arrow/record_batch.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "base/status.h"
#include "io/data_file.h"
#include "io/parquet/shard_writer.h"

namespace millrace::io {

class BackgroundWriter {
 public:
  /// At most `queue_bytes` logical bytes wait, or one batch that is larger.
  BackgroundWriter(std::unique_ptr<ShardWriter> writer, int64_t queue_bytes);
  /// Without Finish, rows that still wait are dropped and the file is not committed.
  ~BackgroundWriter();
  BackgroundWriter(const BackgroundWriter&) = delete;
  BackgroundWriter& operator=(const BackgroundWriter&) = delete;

  /// Waits while the queue is full.
  Status Write(std::shared_ptr<arrow::RecordBatch> batch);
  /// No more rows will come: the file is finished when they are written. Does not wait.
  void StartFinish();
  /// The finished file. To be called once.
  Result<DataFile> Finish();

 private:
  struct Waiting {
    std::shared_ptr<arrow::RecordBatch> rows;
    int64_t bytes = 0;
  };

  void Loop();
  void Close(bool abandon);

  std::unique_ptr<ShardWriter> writer_;
  const int64_t queue_bytes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> queue_;
  int64_t queued_bytes_ = 0;
  bool closed_ = false, abandoned_ = false;
  Status failed_;                                              // of a write
  Result<DataFile> file_{Status::UnknownError("unfinished")};  // read after the thread has ended
  std::thread thread_;                                         // last: it uses all of the above
};

}  // namespace millrace::io
