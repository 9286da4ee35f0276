// One driver per workspace at a time, as a courtesy: two would do the same work twice. That their
// results are right never rests on this lock, only on commit records being put if absent.
#pragma once

#include <atomic>

#include "base/status.h"
#include "io/store.h"

namespace millrace::stage {

/// Held until destroyed, or until the process ends in whatever way.
class WorkspaceLock {
 public:
  WorkspaceLock() = default;
  ~WorkspaceLock();
  WorkspaceLock(WorkspaceLock&& other) noexcept;
  WorkspaceLock& operator=(WorkspaceLock&& other) noexcept;

 private:
  friend Result<WorkspaceLock> LockWorkspace(io::Store&, bool, const std::atomic<bool>*);
  explicit WorkspaceLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// WorkspaceBusy when another run holds it; with `wait`, waits until it is free (or Cancelled).
/// A store without local paths has no lock.
Result<WorkspaceLock> LockWorkspace(io::Store& workspace, bool wait,
                                    const std::atomic<bool>* cancelled);

}  // namespace millrace::stage
