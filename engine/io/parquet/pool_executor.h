// Arrow's view of a TaskPool: work that Arrow splits runs on our workers, ahead of parsing.
#pragma once

#include <arrow/util/thread_pool.h>

#include <memory>

#include "base/task_pool.h"

namespace millrace::io {

class PoolExecutor : public arrow::internal::Executor {
 public:
  explicit PoolExecutor(TaskPool* pool) : pool_(pool) {}
  int GetCapacity() override { return pool_->threads(); }

 protected:
  arrow::Status SpawnReal(arrow::internal::TaskHints, arrow::internal::FnOnce<void()> task,
                          arrow::StopToken, StopCallback&&) override {
    auto shared = std::make_shared<arrow::internal::FnOnce<void()>>(std::move(task));
    pool_->Submit([shared] { std::move (*shared)(); }, TaskPool::Priority::kUrgent);
    return arrow::Status::OK();
  }

 private:
  TaskPool* pool_;
};

}  // namespace millrace::io
